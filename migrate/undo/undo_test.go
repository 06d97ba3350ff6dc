package undo_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/transport"
	"chatbridge/migrate/undo"
)

// manyPlans is a scenario with enough in it to be stopped in the middle of.
func manyPlans() rig.Scenario {
	s := rig.Scenario{Users: 4, Concurrency: 2}
	for n := range 6 {
		c := rig.ChannelPlan{Unique: n%2 == 0, Members: []int{n % 4, (n + 1) % 4}, Read: []int{1, -1}}
		for i := range 5 {
			c.Messages = append(c.Messages, rig.MsgPlan{Author: i % 4, Body: fmt.Sprint("message ", i)})
		}
		s.Channels = append(s.Channels, c)
	}
	return s
}

func fates(all []undo.Removal) map[string]int {
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
				r := rig.NewRig(t, emulator.Config{Archive: manyPlans().Archive()})
				there := r.Inhabit(t)
				if toService {
					r.Settings.ToService = there
				}
				before := r.State(t)
				sum, err := r.Migrate(t.Context())
				require.NoError(t, err)
				require.Equal(t, migrate.Complete, sum.Status)
				require.NotEqual(t, before, r.State(t))

				got, all, err := r.Undo(t.Context(), true)
				require.NoError(t, err)
				require.Equal(t, before, r.State(t), "%+v", all)
				require.EqualValues(t, 6, got.Counts[migrate.KindChannels].Done)
				require.EqualValues(t, 4, got.Counts[migrate.KindUsers].Done)
				require.Zero(t, r.Emulator.Stats().Pushes)

				writes := r.Emulator.Stats().Conversations.Writes
				_, _, err = r.Undo(t.Context(), true)
				require.NoError(t, err)
				require.LessOrEqual(t, r.Emulator.Stats().Conversations.Writes, writes+rig.ClaimWrites, "there is nothing left to undo")

				again, err := r.Migrate(t.Context())
				require.NoError(t, err)
				require.Equal(t, migrate.Complete, again.Status)
				require.Equal(t, sum.Counts[migrate.KindMessages].Written, again.Counts[migrate.KindMessages].Written)
				v, differences := r.Verify(t.Context())
				require.True(t, v.Equal, "%+v", differences)
			})
		})
	}

	t.Run("a copy that landed late is the migration's own", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			m := rig.Migrated(t, rig.WholeScenario())
			m.InLedger(t, func(l migrate.Ledger) {
				known, _, err := l.AtOrBelow(t.Context(), rig.SidOf("CH", 0), 2)
				require.NoError(t, err)
				d := migrate.DoubtRecord{SourceIndex: 2, After: known.TargetIndex - 1, Sends: 1, At: time.Now()}
				require.NoError(t, l.PutDoubt(t.Context(), rig.SidOf("CH", 0), d))
			})
			m.Put(t, m.Messages(t)[2])
			m.RestoreDates(t)
			sum, _, err := m.Undo(t.Context(), true)
			require.NoError(t, err)
			require.EqualValues(t, 1, sum.Counts[migrate.KindChannels].Done)
			m.InLedger(t, func(l migrate.Ledger) {
				doubts, err := l.Doubts(t.Context(), rig.SidOf("CH", 0))
				require.NoError(t, err)
				require.Empty(t, doubts)
			})
		})
	})

	t.Run("a preview sends nothing but reads, and says what would go", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Archive: manyPlans().Archive()})
			_, err := r.Migrate(t.Context())
			require.NoError(t, err)
			writes := r.Emulator.Stats().Conversations.Writes
			preview, listed, err := r.Undo(t.Context(), false)
			require.NoError(t, err)
			require.Equal(t, writes, r.Emulator.Stats().Conversations.Writes)
			require.False(t, preview.Executed)
			executed, done, err := r.Undo(t.Context(), true)
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
		meddle func(*testing.T, *rig.Mutant)
		reason string
	}{
		"a message of somebody else": {func(t *testing.T, m *rig.Mutant) {
			_, err := m.Emulator.PostAs(m.Conversation, rig.IdentityOf(0), "still here")
			require.NoError(t, err)
		}, "was written by somebody else"},
		"a back-dated message of somebody else": {func(t *testing.T, m *rig.Mutant) {
			m.Put(t, conversations.Message{Author: rig.IdentityOf(0), Body: "older", DateCreated: rig.ScenarioStart})
			m.RestoreDates(t)
		}, "was written by somebody else"},
		"a message that somebody else had written before its turn": {func(t *testing.T, m *rig.Mutant) {
			m.InLedger(t, func(l migrate.Ledger) {
				known, any, err := l.AtOrBelow(t.Context(), rig.SidOf("CH", 0), 1)
				require.NoError(t, err)
				require.True(t, any)
				known.Others = true
				require.NoError(t, l.PutMessage(t.Context(), rig.SidOf("CH", 0), known))
			})
		}, "was written by somebody else"},
		"a message that somebody deleted": {func(t *testing.T, m *rig.Mutant) {
			require.NoError(t, m.Target.DeleteMessage(t.Context(), m.Service, m.Conversation, m.Messages(t)[2].SID))
			m.RestoreDates(t)
		}, "was deleted since"},
		"a participant of somebody else": {func(t *testing.T, m *rig.Mutant) {
			_, _, err := m.Target.EnsureParticipant(t.Context(), m.Service, m.Conversation, conversations.Participant{Identity: "new"}, nil)
			require.NoError(t, err)
			m.RestoreDates(t)
		}, "was added by somebody else"},
		"another name": {func(t *testing.T, m *rig.Mutant) {
			require.NoError(t, m.Target.SetConversation(t.Context(), m.Service, conversations.Conversation{SID: m.Conversation, FriendlyName: "renamed"}))
		}, "it was changed since"},
		"no stamp any more": {func(t *testing.T, m *rig.Mutant) {
			require.NoError(t, m.Target.SetConversation(t.Context(), m.Service, conversations.Conversation{SID: m.Conversation, Attributes: `{"mine":true}`}))
		}, "stamp"},
	} {
		t.Run("keeps a conversation with "+name+", and all that it needs, and says why", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := rig.Migrated(t, rig.WholeScenario())
				c.meddle(t, m)
				before := m.State(t)
				got, all, err := m.Undo(t.Context(), true)
				require.NoError(t, err)
				require.Equal(t, migrate.Partial, got.Status)
				require.EqualValues(t, 1, got.Counts[migrate.KindChannels].Keep)
				require.EqualValues(t, 1, got.Counts[migrate.KindServices].Keep)
				require.EqualValues(t, 2, got.Counts[migrate.KindUsers].Keep)
				require.Equal(t, undo.Keep, all[0].Fate)
				require.Contains(t, all[0].Reason, c.reason)
				require.Equal(t, m.Conversation, all[0].TargetSID)
				require.Equal(t, rig.SidOf("CH", 0), all[0].SourceSID)
				after := m.State(t)
				for _, role := range []string{"Service User", "Channel User"} {
					require.Contains(t, after, role, "a role in use stays")
				}
				require.LessOrEqual(t, len(after), len(before))
			})
		})
	}

	t.Run("does not touch a conversation that was adopted", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			m := rig.Migrated(t, rig.WholeScenario())
			m.Ledger += ".new"
			_, err := m.Migrate(t.Context())
			require.NoError(t, err)
			before := m.Emulator.Stats().Conversations.Writes
			got, all, err := m.Undo(t.Context(), true)
			require.NoError(t, err)
			require.EqualValues(t, 1, got.Counts[migrate.KindChannels].Keep, "%+v", all)
			require.EqualValues(t, before+rig.ClaimWrites, m.Emulator.Stats().Conversations.Writes)
		})
	})

	t.Run("a user whom only members named goes too", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			plan := rig.WholeScenario()
			plan.Channels[0].Members, plan.Channels[0].Read = []int{0, 1, 5}, []int{1, 1, 1}
			r := rig.NewRig(t, emulator.Config{Archive: plan.Archive()})
			before := r.State(t)
			for range 2 {
				sum, err := r.Migrate(t.Context())
				require.NoError(t, err)
				require.Equal(t, migrate.Complete, sum.Status)
			}
			got, _, err := r.Undo(t.Context(), true)
			require.NoError(t, err)
			require.EqualValues(t, 3, got.Counts[migrate.KindUsers].Done)
			require.Equal(t, before, r.State(t))
		})
	})

	t.Run("what somebody else deleted is taken for gone", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Archive: manyPlans().Archive()})
			sum, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.NoError(t, r.Target(&transport.Counter{}).DeleteService(t.Context(), sum.Services[0].TargetSID))
			writes := r.Emulator.Stats().Conversations.Writes
			got, _, err := r.Undo(t.Context(), true)
			require.NoError(t, err)
			require.EqualValues(t, 6, got.Counts[migrate.KindChannels].Gone)
			require.EqualValues(t, 1, got.Counts[migrate.KindServices].Gone)
			require.Equal(t, writes, r.Emulator.Stats().Conversations.Writes)
			again, err := r.Migrate(t.Context())
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
						r := rig.NewRig(t, emulator.Config{Archive: manyPlans().Archive(), Intercept: func(w http.ResponseWriter, _ *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
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
						r.Settings.Concurrency = 1
						there := r.Inhabit(t)
						if toService {
							r.Settings.ToService = there
						}
						before := r.State(t)
						_, err := r.Migrate(t.Context())
						require.NoError(t, err)
						armed = write
						if _, _, err := r.Undo(ctx, true); err != nil {
							require.Equal(t, migrate.Interrupted, migrate.KindOf(err))
						}
						armed = 0
						time.Sleep(time.Minute)
						_, all, err := r.Undo(t.Context(), true)
						require.NoError(t, err)
						require.Equal(t, before, r.State(t), "write %d, after %t: %+v", write, after, all)
					})
				}
			}
		})
	}
}
