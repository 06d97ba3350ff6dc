package replay_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/replay"
	"chatbridge/migrate/sqlite"
	"chatbridge/migrate/transport"
)

func TestUnconfirmedService(t *testing.T) {
	t.Run("that was made and not confirmed is the one that was not there before", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := littleRig(t, little(t))
			before := named(t, r, "scenario")
			_, err := r.Target(&transport.Counter{}).AppendConversation(t.Context(), before, conversations.Conversation{FriendlyName: "theirs"})
			require.NoError(t, err)
			cutOff(t, r, call{"target AppendService", 1}, true)
			require.Len(t, namesakes(t, r), 2)
			began := time.Now()
			var looked []time.Duration
			c := &calls{before: func(one call) error {
				if one.name == "target Services" {
					looked = append(looked, time.Since(began))
				}
				return nil
			}}
			s, err := c.run(t.Context(), t, r)
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status)
			require.Zero(t, c.times("target AppendService"))
			require.Len(t, namesakes(t, r), 2)
			require.NotEqual(t, before, s.Services[0].TargetSID)
			require.Equal(t, r.Settings.Settle, looked[len(looked)-1], "when nothing can land any more")
			require.True(t, serviceOf(t, r, rig.ScenarioService).Created)
			require.Equal(t, migrate.KindCount{Source: 1, Written: 1}, s.Counts[migrate.KindServices])
			cfg, err := r.Target(&transport.Counter{}).Configuration(t.Context(), s.Services[0].TargetSID)
			require.NoError(t, err)
			require.False(t, cfg.Webhooks.Off())
		})
	})

	t.Run("is not made by a run that was told to stop, when an earlier one may have made it", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := littleRig(t, little(t))
			cutOff(t, r, call{"target AppendService", 1}, false)
			r.KilledAgo(t, time.Hour)
			drain := make(chan struct{})
			close(drain)
			c := &calls{}
			_, err := c.run(t.Context(), t, r, func(m *replay.Migration) { m.Drain = drain })
			require.ErrorIs(t, err, migrate.ErrDrained)
			require.Zero(t, c.times("target AppendService"))
		})
	})

	t.Run("is nobody's who has one in the ledger", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := littleRig(t, little(t))
			cutOff(t, r, call{"target AppendService", 1}, false)
			// Another service of the source was given the one that appeared since.
			theirs := named(t, r, "scenario")
			l, err := sqlite.Open(t.Context(), r.Ledger)
			require.NoError(t, err)
			require.NoError(t, l.PutService(t.Context(), migrate.ServiceRecord{SourceSID: "IS00000000000000000000000000000099", TargetSID: theirs, Stage: migrate.Done}))
			require.NoError(t, l.Close())
			s, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.NotEqual(t, theirs, s.Services[0].TargetSID)
			require.Len(t, namesakes(t, r), 2)
		})
	})

	t.Run("is a question for a person when two appeared", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := littleRig(t, little(t))
			cutOff(t, r, call{"target AppendService", 1}, false)
			two := []string{named(t, r, "scenario"), named(t, r, "scenario")}
			s, err := r.Migrate(t.Context())
			require.Equal(t, migrate.Usage, migrate.KindOf(err))
			require.ErrorContains(t, err, "2 target services named")
			for _, sid := range two {
				require.ErrorContains(t, err, sid)
			}
			require.Contains(t, migrate.HintOf(err), "--to-service")
			require.Zero(t, s.Requests.Writes)
			r.Settings.ToService = two[1]
			s, err = r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, two[1], s.Services[0].TargetSID)
			require.False(t, serviceOf(t, r, rig.ScenarioService).Created)
		})
	})

	for kind, settles := range map[migrate.Kind]bool{migrate.InDoubt: true, migrate.Contended: false} {
		t.Run("whose create says nothing again and again ends the run", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := littleRig(t, little(t))
				c := &calls{before: func(one call) error {
					if one.name == "target AppendService" {
						return &migrate.Error{Op: "create service", Kind: kind, Err: errors.New("nothing")}
					}
					return nil
				}}
				s, err := c.run(t.Context(), t, r)
				require.Equal(t, migrate.Unavailable, migrate.KindOf(err))
				require.ErrorContains(t, err, "create service "+rig.ScenarioService+": no answer; nothing was created")
				require.Equal(t, "run the same command again to resume", migrate.HintOf(err))
				require.Equal(t, 5, c.times("target AppendService"))
				require.Equal(t, 3+5, c.times("target Services"), "thrice before the first create, and after each")
				require.Equal(t, settles, s.Duration >= 5*r.Settings.Settle.Seconds())
				carried(t, r, "again")
			})
		})
	}
}
