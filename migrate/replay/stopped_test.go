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
	"chatbridge/migrate/sqlite"
)

func TestDrain(t *testing.T) {
	t.Run("finishes what is in flight, says interrupted, and running again resumes", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(6).Archive(), Latency: 100 * time.Millisecond})
			drain := make(chan struct{})
			c := &calls{before: func(one call) error {
				if one == (call{"target AppendMessage", 4}) {
					close(drain)
				}
				return nil
			}}
			s, err := c.run(t.Context(), t, r, func(m *replay.Migration) { m.Drain = drain })
			require.Equal(t, migrate.Interrupted, migrate.KindOf(err))
			require.Equal(t, migrate.InterruptedStatus, s.Status)
			require.NotZero(t, s.Counts[migrate.KindMessages].Written)
			require.Less(t, s.Counts[migrate.KindMessages].Written, int64(24))
			again, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, again.Status)
			// Whatever was written before the drain was confirmed, so that
			// nothing had to be found by reading.
			require.Equal(t, s.Counts[migrate.KindMessages].Written, again.Counts[migrate.KindMessages].Existing)
			_, differences := r.Verify(t.Context())
			require.Empty(t, differences)
		})
	})
}

func TestClockSetBack(t *testing.T) {
	t.Run("a run that was killed in the future makes the next one wait the settle time and no longer", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(2).Archive()})
			r.Killed(t, rig.Kill{Write: 20, After: true})
			l, err := sqlite.Open(t.Context(), r.Ledger)
			require.NoError(t, err)
			last, ok, err := l.LastRun(t.Context())
			require.NoError(t, err)
			require.True(t, ok)
			last.HeartbeatAt = time.Now().Add(48 * time.Hour)
			require.NoError(t, l.PutRun(t.Context(), last))
			require.NoError(t, l.Close())
			s, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status)
			require.GreaterOrEqual(t, s.Duration, r.Settings.Settle.Seconds())
			require.Less(t, s.Duration, 3*r.Settings.Settle.Seconds())
		})
	})
}
