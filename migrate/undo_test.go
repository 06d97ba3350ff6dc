package migrate_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/sqlite"
	"chatbridge/migrate/transport"
)

// undo runs an undo as a new process would.
func (r *rig) undo(ctx context.Context, execute bool) (migrate.Undone, []migrate.Removal, error) {
	r.t.Helper()
	l, err := sqlite.Open(ctx, r.ledger)
	require.NoError(r.t, err)
	defer func() { require.NoError(r.t, l.Close()) }()
	target := r.target(&transport.Counter{})
	var all []migrate.Removal
	u := migrate.Undoer{
		Target: target, Write: target, Ledger: l, Record: l, Observer: r.events, Settings: r.settings, Execute: execute,
	}
	got, err := u.Run(ctx, func(one migrate.Removal) { all = append(all, one) })
	return got, all, err
}

// state is everything that the target account holds, read over HTTP.
func (r *rig) state(t *testing.T) string {
	t.Helper()
	target := r.target(&transport.Counter{})
	var all []any
	add := func(v any, err error) {
		require.NoError(t, err)
		all = append(all, v)
	}
	for s, err := range target.Services(t.Context()) {
		add(s, err)
		add(target.Configuration(t.Context(), s.SID))
		for v, err := range target.Roles(t.Context(), s.SID) {
			add(v, err)
		}
		for v, err := range target.Users(t.Context(), s.SID) {
			add(v, err)
		}
		for c, err := range target.Conversations(t.Context(), s.SID) {
			add(c, err)
			for v, err := range target.Participants(t.Context(), s.SID, c.SID) {
				add(v, err)
			}
			for v, err := range target.Messages(t.Context(), s.SID, c.SID, false) {
				add(v, err)
			}
		}
	}
	raw, err := json.MarshalIndent(all, "", " ")
	require.NoError(t, err)
	return string(raw)
}

// inhabit makes a service with people and a conversation in it that are none of
// ours, and returns its SID.
func (r *rig) inhabit(t *testing.T) string {
	t.Helper()
	target := r.target(&transport.Counter{})
	s, err := target.AppendService(t.Context(), conversations.Service{FriendlyName: "scenario"})
	require.NoError(t, err)
	require.NoError(t, target.SetNotifications(t.Context(), s.SID, conversations.Notifications{NewMessage: conversations.Notification{Enabled: true, Template: "${MESSAGE}"}}))
	_, _, err = target.EnsureUser(t.Context(), s.SID, conversations.User{Identity: "stranger"})
	require.NoError(t, err)
	c, err := target.AppendConversation(t.Context(), s.SID, conversations.Conversation{FriendlyName: "theirs"})
	require.NoError(t, err)
	_, _, err = target.EnsureParticipant(t.Context(), s.SID, c.SID, conversations.Participant{Identity: "stranger"})
	require.NoError(t, err)
	_, err = target.AppendMessage(t.Context(), s.SID, c.SID, conversations.Message{Author: "stranger", Body: "hello"})
	require.NoError(t, err)
	return s.SID
}

// manyPlans is a scenario with enough in it to be stopped in the middle of.
func manyPlans() scenario {
	s := scenario{Users: 4, Concurrency: 2}
	for n := range 6 {
		c := channelPlan{Unique: n%2 == 0, Members: []int{n % 4, (n + 1) % 4}, Read: []int{1, -1}}
		for i := range 5 {
			c.Messages = append(c.Messages, msgPlan{Author: i % 4, Body: fmt.Sprint("message ", i)})
		}
		s.Channels = append(s.Channels, c)
	}
	return s
}

func fates(all []migrate.Removal) map[string]int {
	n := map[string]int{}
	for _, r := range all {
		n[fmt.Sprint(r.Kind, " ", r.Fate)]++
	}
	return n
}

func TestUndo(t *testing.T) {
	for name, toService := range map[string]bool{"a service of its own": false, "a service that was there": true} {
		t.Run("leaves the target as it was before a migration into "+name+", and a later migration starts anew", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, emulator.Config{Archive: manyPlans().archive()})
				there := r.inhabit(t)
				if toService {
					r.settings.ToService = there
				}
				before := r.state(t)
				sum, err := r.migrate(t.Context())
				require.NoError(t, err)
				require.Equal(t, migrate.Complete, sum.Status)
				require.NotEqual(t, before, r.state(t))

				got, all, err := r.undo(t.Context(), true)
				require.NoError(t, err)
				require.Equal(t, before, r.state(t), "%+v", all)
				require.EqualValues(t, 6, got.Counts[migrate.KindChannels].Done)
				require.EqualValues(t, 4, got.Counts[migrate.KindUsers].Done)
				require.Zero(t, r.emulator.Stats().Pushes)

				writes := r.emulator.Stats().Conversations.Writes
				_, _, err = r.undo(t.Context(), true)
				require.NoError(t, err)
				require.Equal(t, writes, r.emulator.Stats().Conversations.Writes, "there is nothing left to undo")

				again, err := r.migrate(t.Context())
				require.NoError(t, err)
				require.Equal(t, migrate.Complete, again.Status)
				require.Equal(t, sum.Counts[migrate.KindMessages].Written, again.Counts[migrate.KindMessages].Written)
				v, differences := r.verify(t.Context())
				require.True(t, v.Equal, "%+v", differences)
			})
		})
	}

	t.Run("a preview sends nothing but reads, and says what would go", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, emulator.Config{Archive: manyPlans().archive()})
			_, err := r.migrate(t.Context())
			require.NoError(t, err)
			writes := r.emulator.Stats().Conversations.Writes
			preview, listed, err := r.undo(t.Context(), false)
			require.NoError(t, err)
			require.Equal(t, writes, r.emulator.Stats().Conversations.Writes)
			require.False(t, preview.Executed)
			executed, done, err := r.undo(t.Context(), true)
			require.NoError(t, err)
			require.Equal(t, fates(listed), fates(done))
			for kind, c := range executed.Counts {
				require.Equal(t, c.Delete, c.Done, kind)
				require.Equal(t, c.Delete, preview.Counts[kind].Delete, kind)
				require.Zero(t, preview.Counts[kind].Done)
			}
		})
	})

	for name, c := range map[string]struct {
		meddle func(*testing.T, *mutant)
		reason string
	}{
		"a message of somebody else": {func(t *testing.T, m *mutant) {
			_, err := m.emulator.PostAs(m.conversation, identityOf(0), "still here")
			require.NoError(t, err)
		}, "was written by somebody else"},
		"a back-dated message of somebody else": {func(t *testing.T, m *mutant) {
			m.put(t, conversations.Message{Author: identityOf(0), Body: "older", DateCreated: scenarioStart})
			m.restoreDates(t)
		}, "was written by somebody else"},
		"a message that somebody deleted": {func(t *testing.T, m *mutant) {
			require.NoError(t, m.target.DeleteMessage(t.Context(), m.service, m.conversation, m.messages(t)[2].SID))
			m.restoreDates(t)
		}, "was deleted since"},
		"a participant of somebody else": {func(t *testing.T, m *mutant) {
			_, _, err := m.target.EnsureParticipant(t.Context(), m.service, m.conversation, conversations.Participant{Identity: "new"})
			require.NoError(t, err)
			m.restoreDates(t)
		}, "was added by somebody else"},
		"another name": {func(t *testing.T, m *mutant) {
			require.NoError(t, m.target.SetConversation(t.Context(), m.service, conversations.Conversation{SID: m.conversation, FriendlyName: "renamed"}))
		}, "it was changed since"},
		"no stamp any more": {func(t *testing.T, m *mutant) {
			require.NoError(t, m.target.SetConversation(t.Context(), m.service, conversations.Conversation{SID: m.conversation, Attributes: `{"mine":true}`}))
		}, "stamp"},
	} {
		t.Run("keeps a conversation with "+name+", and all that it needs, and says why", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := migrated(t, wholeScenario())
				c.meddle(t, m)
				before := m.state(t)
				got, all, err := m.undo(t.Context(), true)
				require.NoError(t, err)
				require.EqualValues(t, 1, got.Counts[migrate.KindChannels].Keep)
				require.EqualValues(t, 1, got.Counts[migrate.KindServices].Keep)
				require.EqualValues(t, 2, got.Counts[migrate.KindUsers].Keep)
				require.Equal(t, migrate.Keep, all[0].Fate)
				require.Contains(t, all[0].Reason, c.reason)
				require.Equal(t, m.conversation, all[0].TargetSID)
				require.Equal(t, sidOf("CH", 0), all[0].SourceSID)
				after := m.state(t)
				for _, role := range []string{"Service User", "Channel User"} {
					require.Contains(t, after, role, "a role in use stays")
				}
				require.LessOrEqual(t, len(after), len(before))
			})
		})
	}

	t.Run("does not touch a conversation that was adopted", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			m := migrated(t, wholeScenario())
			m.ledger += ".new"
			_, err := m.migrate(t.Context())
			require.NoError(t, err)
			before := m.emulator.Stats().Conversations.Writes
			got, all, err := m.undo(t.Context(), true)
			require.NoError(t, err)
			require.EqualValues(t, 1, got.Counts[migrate.KindChannels].Keep, "%+v", all)
			require.Equal(t, before, m.emulator.Stats().Conversations.Writes)
		})
	})

	t.Run("a user whom only members named goes too", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			plan := wholeScenario()
			plan.Channels[0].Members, plan.Channels[0].Read = []int{0, 1, 5}, []int{1, 1, 1}
			r := newRig(t, emulator.Config{Archive: plan.archive()})
			before := r.state(t)
			for range 2 {
				sum, err := r.migrate(t.Context())
				require.NoError(t, err)
				require.Equal(t, migrate.Complete, sum.Status)
			}
			got, _, err := r.undo(t.Context(), true)
			require.NoError(t, err)
			require.EqualValues(t, 3, got.Counts[migrate.KindUsers].Done)
			require.Equal(t, before, r.state(t))
		})
	})

	t.Run("what somebody else deleted is taken for gone", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, emulator.Config{Archive: manyPlans().archive()})
			sum, err := r.migrate(t.Context())
			require.NoError(t, err)
			require.NoError(t, r.target(&transport.Counter{}).DeleteService(t.Context(), sum.Services[0].TargetSID))
			writes := r.emulator.Stats().Conversations.Writes
			got, _, err := r.undo(t.Context(), true)
			require.NoError(t, err)
			require.EqualValues(t, 6, got.Counts[migrate.KindChannels].Gone)
			require.EqualValues(t, 1, got.Counts[migrate.KindServices].Gone)
			require.Equal(t, writes, r.emulator.Stats().Conversations.Writes)
			again, err := r.migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, sum.Counts[migrate.KindMessages].Written, again.Counts[migrate.KindMessages].Written)
		})
	})

	for _, toService := range []bool{false, true} {
		t.Run(fmt.Sprintf("killed at one write or another, before or after its effect, it goes on (into a service that was there: %t)", toService), func(t *testing.T) {
			for write := 1; write <= 13; write += 3 {
				for _, after := range []bool{false, true} {
					synctest.Test(t, func(t *testing.T) {
						var armed, writes int
						ctx, cancel := context.WithCancel(t.Context())
						defer cancel()
						r := newRig(t, emulator.Config{Archive: manyPlans().archive(), Intercept: func(w http.ResponseWriter, _ *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
							if x.Write() && armed > 0 {
								if writes++; writes == armed {
									if after {
										commit()
									}
									cancel()
									panic(http.ErrAbortHandler)
								}
							}
							commit().WriteTo(w)
						}})
						r.settings.Concurrency = 1
						there := r.inhabit(t)
						if toService {
							r.settings.ToService = there
						}
						before := r.state(t)
						_, err := r.migrate(t.Context())
						require.NoError(t, err)
						armed = write
						if _, _, err := r.undo(ctx, true); err != nil {
							require.Equal(t, migrate.Interrupted, migrate.KindOf(err))
						}
						armed = 0
						time.Sleep(time.Minute)
						_, all, err := r.undo(t.Context(), true)
						require.NoError(t, err)
						require.Equal(t, before, r.state(t), "write %d, after %t: %+v", write, after, all)
					})
				}
			}
		})
	}
}
