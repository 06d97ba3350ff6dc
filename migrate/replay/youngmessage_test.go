package replay_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/replay"
)

// behind is a target whose clock is slow.
type behind struct {
	migrate.Target
	by time.Duration
}

func (b behind) Clock() time.Time { return b.Target.Clock().Add(-b.by) }

// What was written about when both sides were compared may be in the target since: a
// second later it is looked for once more, and not again however young the clock of the
// target has it.
func TestAYoungMessageIsLookedForOnceMore(t *testing.T) {
	for _, there := range [][]string{nil, four} {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Archive: oneChannel(there...).Archive()})
			pass(t, r, migrate.Complete)
			time.Sleep(time.Hour)
			_, err := r.Emulator.AppendToChannel(rig.SidOf("CH", 0), rig.IdentityOf(0), "young")
			require.NoError(t, err)
			var readings []time.Time
			written := time.Time{}
			c := &calls{before: func(one call) error {
				switch {
				case one.name == "target Messages" && written.IsZero():
					readings = append(readings, time.Now())
				case one.name == "target AppendMessage":
					written = time.Now()
				}
				return nil
			}}
			s, err := c.run(t.Context(), t, r, func(m *replay.Migration) { m.Target = behind{m.Target, 30 * time.Second} })
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
			require.Len(t, readings, 2)
			require.Equal(t, time.Second, readings[1].Sub(readings[0]))
			require.Equal(t, readings[1], written)
			require.Equal(t, append(there[:len(there):len(there)], "young"), bodies(t, r))
		})
	}
}
