package replay_test

import (
	"regexp"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/archive"
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

// What a stopped channel holds is counted by its list, which takes a request a page
// and not one a message.
func TestStoppedChannelIsCountedByPages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		plan := rig.ManyChannels(1)
		plan.Channels[0].Messages = []rig.MsgPlan{{Body: ""}}
		for range 1000 {
			plan.Channels[0].Messages = append(plan.Channels[0].Messages, rig.MsgPlan{Body: "x", Attributes: `{"a":1}`})
		}
		r := rig.NewRig(t, emulator.Config{Archive: plan.Archive()})
		s, err := r.Migrate(t.Context())
		require.NoError(t, err)
		require.Equal(t, migrate.Partial, s.Status)
		require.Equal(t, migrate.KindCount{Source: 1001, Failed: 1001}, s.Counts[migrate.KindMessages])
		require.Less(t, s.Requests.Reads, int64(500))
	})
}

// A member whose turn did not come is in the target all the same.
func TestMembersOfAChannelThatStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		plan := rig.ManyChannels(1)
		r := rig.NewRig(t, emulator.Config{})
		members := r.PassFrom(t, plan.Archive()).Counts[migrate.KindMembers].Written
		require.Greater(t, members, int64(1))
		changed := rig.WithFile(t, plan.Archive(), archive.MembersPath(rig.ScenarioService, rig.SidOf("CH", 0)), func(text string) string {
			return regexp.MustCompile(`"date_updated":"1999`).ReplaceAllString(text, `"date_updated":"2001`)
		})
		c := &calls{before: func(one call) error {
			if one.name == "target EnsureParticipant" {
				return refused("create participant")
			}
			return nil
		}}
		s, err := c.run(t.Context(), t, r, from(t, changed))
		require.NoError(t, err)
		require.Equal(t, migrate.Partial, s.Status)
		require.Equal(t, migrate.KindCount{Source: members, Existing: members}, s.Counts[migrate.KindMembers])
	})
}
