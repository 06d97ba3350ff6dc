package replay_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/archive"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/replay"
)

// TestDatesComeLast holds that the date of a conversation is set when no write
// can land any more that would move it.
func TestDatesComeLast(t *testing.T) {
	t.Run("after a write that may land once more", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := littleRig(t, little(t))
			r.Settings.Watchdog = r.Settings.Settle / 2
			var wrote, dated time.Time
			c := &calls{}
			c.before = func(one call) error {
				switch one.name {
				case "target SetHorizon":
					wrote = time.Now()
				case "target SetConversation":
					dated = time.Now()
				}
				return nil
			}
			s, err := c.run(t.Context(), t, r, func(m *replay.Migration) { m.Target = doubtfulTarget{m.Target} })
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
			require.Equal(t, r.Settings.Settle, dated.Sub(wrote))
		})
	})

	t.Run("once in a lane, last of all writes in it", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := littleRig(t, little(t))
			c := &calls{}
			s, err := c.run(t.Context(), t, r)
			require.NoError(t, err)
			require.Less(t, s.Duration, (r.Settings.WithDefaults().Settle/2).Seconds()+1, "nothing was in doubt")
			require.Equal(t, 1, c.times("target SetConversation"))
			require.Equal(t, 1, c.times("target Messages"), "to be read back; a new one has nothing to be looked for")
			var lane []string
			for _, one := range c.all() {
				if one.write() && (strings.Contains(one.name, "Message") || strings.Contains(one.name, "Participant") || strings.Contains(one.name, "Conversation") || strings.Contains(one.name, "Horizon")) {
					lane = append(lane, one.name)
				}
			}
			require.Equal(t, "target SetConversation", lane[len(lane)-1])
		})
	})

	t.Run("and not at all where the source says none", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			in := rig.WithFile(t, little(t), archive.ChannelsPath(rig.ScenarioService), func(s string) string {
				return strings.Replace(s, `"date_updated":"`+rig.ScenarioStart.Add(48*time.Hour).Format(time.RFC3339)+`"`, `"date_updated":null`, 1)
			})
			r := littleRig(t, in)
			c := &calls{}
			s, err := c.run(t.Context(), t, r)
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
			require.Zero(t, c.times("target SetConversation"))
		})
	})
}

// doubtfulTarget repeats the write of a horizon whose answer was lost, as the
// transport does.
type doubtfulTarget struct{ migrate.Target }

func (d doubtfulTarget) SetHorizon(ctx context.Context, service, conversation, participant string, at conversations.Horizon) error {
	migrate.NoteDoubt(ctx)
	return d.Target.SetHorizon(ctx, service, conversation, participant, at)
}
