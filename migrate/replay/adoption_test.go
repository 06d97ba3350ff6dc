package replay_test

import (
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/ledgertest"
	"chatbridge/migrate/transport"
)

const (
	saidAdopted = "adopted a conversation from an earlier run"
	saidRemoved = "removed an empty conversation that an unanswered request had left"
	saidLeft    = "a second conversation bears the stamp of a channel; it is not as a create leaves one, so it is left alone"
)

func TestAdoption(t *testing.T) {
	lost := func(t *testing.T, n int) (*rig.Rig, string) {
		r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(n).Archive()})
		s, err := r.Migrate(t.Context())
		require.NoError(t, err)
		r.Ledger = filepath.Join(ledgertest.Dir(t), "new.db")
		r.Events = &rig.Events{}
		return r, s.Services[0].TargetSID
	}

	t.Run("finds each conversation by its stamp, lists them once for all lanes, and says so", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r, service := lost(t, 5)
			c := &calls{}
			s, err := c.run(t.Context(), t, r)
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status)
			require.Equal(t, service, s.Services[0].TargetSID)
			require.Equal(t, migrate.KindCount{Source: 1, Existing: 1}, s.Counts[migrate.KindServices])
			require.Equal(t, migrate.KindCount{Source: 5, Existing: 5}, s.Counts[migrate.KindChannels])
			require.Zero(t, c.times("target AppendConversation"))
			require.Equal(t, 2, c.times("target Conversations"), "once for the stamp of the service, once for all lanes")
			require.Equal(t, 5, said(r, saidAdopted))
			require.Equal(t, 1, said(r, "adopted the service of an earlier migration; a conversation in it proves this"))
			for i := range 5 {
				rec := channelOf(t, r, i)
				require.True(t, rec.Adopted)
				there := r.ConversationsOf(t, service)[rec.SourceSID]
				require.Len(t, there, 1)
				require.Equal(t, there[0].SID, rec.TargetSID)
			}
			_, differences := r.Verify(t.Context())
			require.Empty(t, differences)
		})
	})

	t.Run("stops where history stands under names that other settings gave, and goes on by policy", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r, service := lost(t, 1)
			r.Settings.Mapper.Rename = map[string]string{rig.IdentityOf(0): "anna"}
			s, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Partial, s.Status)
			require.Len(t, s.Failures, 1)
			require.Contains(t, s.Failures[0].Reason, "under the name that its author had before --identities")
			require.EqualValues(t, 0, s.Counts[migrate.KindMessages].Written)
			r.Settings.Mapper.Policy = mapping.Policy{mapping.StoredOtherwise: "keep"}
			s, err = r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status)
			require.EqualValues(t, 0, s.Counts[migrate.KindMessages].Written)
			require.Len(t, servicesOf(t, r), 1)
			require.Len(t, r.ConversationsOf(t, service), 1)
		})
	})

	t.Run("reads nothing before what an earlier run sent has landed", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r, _ := lost(t, 2)
			began := time.Now()
			var read time.Duration
			c := &calls{before: func(one call) error {
				if one == (call{"target Roles", 1}) {
					read = time.Since(began)
				}
				return nil
			}}
			_, err := c.run(t.Context(), t, r)
			require.NoError(t, err)
			require.Equal(t, r.Settings.Settle, read)
		})
	})

	t.Run("never takes a conversation that somebody else made", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(2).Archive()})
			r.Settings.ToService = r.Inhabit(t)
			target := r.Target(&transport.Counter{})
			theirs := map[string]bool{}
			for name, attributes := range map[string]string{
				"Channel 0": `{"big":9007199254740993}`,                                      // ours but for the stamp
				"Channel 1": `{"chatbridge":{"sid":"` + rig.SidOf("CH", 77) + `"}}`,          // another channel's
				"Channel":   `{"chatbridge":"` + rig.SidOf("CH", 0) + `"}`,                   // no stamp
				"Channel 2": `{"stamp":{"chatbridge":{"sid":"` + rig.SidOf("CH", 0) + `"}}}`, // not where a stamp is
			} {
				c, err := target.AppendConversation(t.Context(), r.Settings.ToService, conversations.Conversation{FriendlyName: name, Attributes: attributes})
				require.NoError(t, err)
				theirs[c.SID] = true
			}
			s, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.KindCount{Source: 2, Written: 2}, s.Counts[migrate.KindChannels])
			require.Zero(t, said(r, saidAdopted))
			for i := range 2 {
				rec := channelOf(t, r, i)
				require.False(t, theirs[rec.TargetSID])
				require.False(t, rec.Adopted)
			}
			for sid := range theirs {
				for range target.Messages(t.Context(), r.Settings.ToService, sid, false) {
					t.Fatal("a message of ours in a conversation of others")
				}
			}
		})
	})

	t.Run("never takes the conversation that another channel has", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{})
			r.Settings.Mapper.NoStamp = true
			first := r.Once(t, alikeChannels(t, 2))
			require.Equal(t, migrate.Complete, first.Status)
			s := r.Once(t, alikeChannels(t, 3))
			require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
			require.Equal(t, migrate.KindCount{Source: 3, Written: 1, Existing: 2}, s.Counts[migrate.KindChannels])
			sids := map[string]bool{}
			for i := range 3 {
				sids[channelOf(t, r, i).TargetSID] = true
			}
			require.Len(t, sids, 3)
		})
	})

	t.Run("finds those of each service in its own target", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := littleRig(t, nil)
			first := r.Once(t, twoServices(t))
			require.Equal(t, migrate.Complete, first.Status, "%+v", first.Failures)
			r.Ledger, r.Events = filepath.Join(ledgertest.Dir(t), "new.db"), &rig.Events{}
			s := r.Once(t, twoServices(t))
			require.Equal(t, first.Services, s.Services)
			require.Equal(t, 2, said(r, saidAdopted))
			for _, one := range s.Services {
				require.Len(t, r.ConversationsOf(t, one.TargetSID), 1)
			}
		})
	})

	t.Run("tries the next that is alike when the first is reserved", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{})
			r.Settings.Mapper.NoStamp = true
			s := r.Once(t, alikeChannels(t, 3))
			r.Settings.ToService, r.Ledger = s.Services[0].TargetSID, filepath.Join(ledgertest.Dir(t), "new.db")
			r.Events = &rig.Events{}
			require.Equal(t, migrate.Complete, r.Once(t, alikeChannels(t, 3)).Status)
			require.Equal(t, 3, said(r, saidAdopted))
			n := 0
			for _, err := range r.Target(&transport.Counter{}).Conversations(t.Context(), r.Settings.ToService) {
				require.NoError(t, err)
				n++
			}
			require.Equal(t, 3, n)
		})
	})
}
