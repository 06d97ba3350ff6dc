package replay_test

import (
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
)

// forge makes a conversation of a person that bears the stamp of the channel.
func forge(t *testing.T, r *rig.Rig, service string, joined, wrote bool) string {
	t.Helper()
	m := rig.In(r, service)
	c, err := m.Target.AppendConversation(t.Context(), service, conversations.Conversation{
		FriendlyName: "Channel 0", Attributes: fmt.Sprintf(`{"chatbridge":{"sid":%q,"service_sid":%q}}`, rig.SidOf("CH", 0), rig.ScenarioService),
	})
	require.NoError(t, err)
	if joined {
		require.NoError(t, r.Emulator.JoinAs(c.SID, "forger"))
	}
	if wrote {
		_, err := r.Emulator.PostAs(c.SID, rig.IdentityOf(0), "one")
		require.NoError(t, err)
	}
	return c.SID
}

// What people can write proves nothing: a conversation that bears the stamp of a
// channel, and holds what is of today, gets none of its messages.
func TestForgedStamp(t *testing.T) {
	for _, c := range []struct{ joined, wrote bool }{{true, false}, {false, true}, {true, true}} {
		t.Run(fmt.Sprintf("in a service in use, forger in it: %v, message in it: %v", c.joined, c.wrote), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, _ := between(t, emulator.Config{Archive: oneChannel("one", "two", "three").Archive()})
				r.Settings.ToService = r.Inhabit(t)
				forged := forge(t, r, r.Settings.ToService, c.joined, c.wrote)
				m := rig.In(r, r.Settings.ToService)
				m.Conversation = forged
				before := len(m.Messages(t))
				for range 3 {
					s := pass(t, r, migrate.Partial)
					require.Contains(t, reasons(s), rig.SidOf("CH", 0))
					require.Contains(t, reasons(s), forged)
					require.Len(t, m.Messages(t), before)
				}
			})
		})
	}

	t.Run("an empty one of another date is left alone, and a new one is made", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r, _ := between(t, emulator.Config{Archive: oneChannel("one", "two", "three").Archive()})
			r.Settings.ToService = r.Inhabit(t)
			forged := forge(t, r, r.Settings.ToService, false, false)
			m := rig.In(r, r.Settings.ToService)
			for range 3 {
				pass(t, r, migrate.Complete)
				all := m.ConversationsIn(t)
				require.Len(t, all, 2)
				require.Equal(t, rig.SidOf("CH", 0), all[forged])
				for sid := range all {
					m.Conversation = sid
					require.Equal(t, sid == forged, len(m.Messages(t)) == 0)
				}
				r.Ledger += ".new"
			}
		})
	})

	t.Run("beside the one that was made, under a lost ledger: that one is adopted", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r, _ := between(t, emulator.Config{Archive: oneChannel("one", "two", "three").Archive()})
			s := pass(t, r, migrate.Complete)
			ours := only(t, r)
			forged := forge(t, r, s.Services[0].TargetSID, true, true)
			r.Ledger += ".new"
			pass(t, r, migrate.Complete)
			require.Len(t, ours.Messages(t), 3)
			ours.Conversation = forged
			require.Len(t, ours.Messages(t), 1)
		})
	})
}

// Whoever may write attributes may exchange the stamps of two conversations.
func TestStampsSwapped(t *testing.T) {
	for name, plan := range map[string]func(*rig.Scenario){
		"of other members and messages": func(s *rig.Scenario) { s.Channels[1].Members = []int{2, 3}; s.Users = 4 },
		"of the same members":           func(*rig.Scenario) {},
		"without messages": func(s *rig.Scenario) {
			s.Channels[0].Messages, s.Channels[1].Messages = nil, nil
		},
	} {
		for _, bulk := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, with members of one second: %v", name, bulk), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := rig.ManyChannels(2)
					for i := range s.Channels {
						s.Channels[i].Read = []int{-1, -1}
					}
					plan(&s)
					in := s.Archive()
					if bulk {
						in = rig.WithFile(t, in, membersPath(1), sameDates(t, in))
					}
					r, _ := between(t, emulator.Config{Archive: in})
					sum := pass(t, r, migrate.Complete)
					m := rig.In(r, sum.Services[0].TargetSID)
					before := map[string]string{}
					var all []conversations.Conversation
					for _, c := range r.ConversationsOf(t, m.Service) {
						all = append(all, c...)
					}
					require.Len(t, all, 2)
					for i, c := range all {
						before[c.SID] = inside(t, m, c.SID)
						c.Attributes = all[1-i].Attributes
						require.NoError(t, m.Target.SetConversation(t.Context(), m.Service, conversations.Conversation{SID: c.SID, Attributes: c.Attributes}))
					}
					r.Ledger += ".new"
					r.Settings.ToService = m.Service // nothing in it proves that it is the migration's
					later := oneMore(t, in)
					got := passOf(t, r, later)
					for sid, was := range before {
						require.Equal(t, was, inside(t, m, sid), "%s\n%s", got.Status, reasons(got))
					}
				})
			})
		}
	}
}
