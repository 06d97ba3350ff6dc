package verify_test

import (
	"context"
	"errors"
	"iter"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/chat"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/sqlite"
	"chatbridge/migrate/transport"
	"chatbridge/migrate/verify"
)

// deaf is a Target that says yes to a user and does nothing.
type deaf struct{ migrate.Target }

func (deaf) SetUser(_ context.Context, _ string, u conversations.User) (conversations.User, error) {
	return u, nil
}

func TestRepairThatDoesNotHelp(t *testing.T) {
	t.Run("is said not to have been done", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			m := rig.Migrated(t, rig.WholeScenario())
			_, err := m.Target.SetUser(t.Context(), m.Service, conversations.User{SID: m.User(t, rig.IdentityOf(0)).SID, FriendlyName: "changed", Attributes: `{"n":0}`})
			require.NoError(t, err)
			var all []verify.Repair
			r := verify.Repairer{
				Verifier: verify.Verifier{Source: m.Source(&transport.Counter{}), Target: m.Target, Observer: m.Events, Settings: m.Settings},
				Write:    deaf{m.Target}, Execute: true,
			}
			got, err := r.Run(t.Context(), func(one verify.Repair) { all = append(all, one) })
			require.NoError(t, err)
			require.False(t, got.Equal)
			require.EqualValues(t, 1, got.Possible)
			require.Zero(t, got.Done)
			require.Len(t, all, 2)
			require.True(t, all[0].Done)
			require.False(t, all[1].Done)
			require.Equal(t, "it was written, but is still different; run the same command again", all[1].Reason)
		})
	})

	t.Run("appends nothing after a message that could not be appended", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			m, wire := wired(t, rig.WholeScenario())
			before := m.Messages(t)
			for _, one := range before[4:] {
				require.NoError(t, m.Target.DeleteMessage(t.Context(), m.Service, m.Conversation, one.SID))
			}
			m.RestoreDates(t)
			wire.Arm(rig.Trip{At: 1, Reply: rig.Refused(), Count: func(x *emulator.Exchange) bool {
				return x.Write() && len(x.Path) == 6 && x.Path[5] == "Messages"
			}})
			got, all, err := repairWith(t.Context(), t, m, &rig.Torn{})
			require.NoError(t, err)
			require.NotEmpty(t, wire.Disarm())
			require.Len(t, m.Messages(t), 4)
			require.Zero(t, got.Done)
			require.EqualValues(t, 2, got.Possible)
			require.Contains(t, all[0].Reason, "20001")
			require.Equal(t, "a message before it was not brought back; run the same command again", all[1].Reason)
			got, _, err = repairWith(t.Context(), t, m, &rig.Torn{})
			require.NoError(t, err)
			require.True(t, got.Equal)
		})
	})

	t.Run("appends nothing after what somebody else wrote", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			m := rig.Migrated(t, rig.WholeScenario())
			require.NoError(t, m.Target.DeleteMessage(t.Context(), m.Service, m.Conversation, m.Messages(t)[5].SID))
			_, err := m.Emulator.PostAs(m.Conversation, rig.IdentityOf(0), "hello")
			require.NoError(t, err)
			writes := m.Emulator.Stats().Conversations.Writes
			got, all := m.Repair(t, true)
			require.EqualValues(t, 1, got.Impossible)
			require.Len(t, all, 1)
			require.Contains(t, all[0].Reason, "can only go to the end")
			require.LessOrEqual(t, m.Emulator.Stats().Conversations.Writes, writes+rig.ClaimWrites+1, "the claim, renewed while it looks twice")
		})
	})

	t.Run("of a role makes no second one", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			m := rig.Migrated(t, rig.WholeScenario())
			count := func() (n int) {
				for _, err := range m.Target.Roles(t.Context(), m.Service) {
					require.NoError(t, err)
					n++
				}
				return n
			}
			before := count()
			require.NoError(t, m.Target.SetRole(t.Context(), m.Service, conversations.Role{
				SID: m.Roles(t)["Reader"], Type: conversations.ConversationRole, FriendlyName: "Reader", Permissions: []string{"sendMessage"},
			}))
			got, _ := m.Repair(t, true)
			require.True(t, got.Equal)
			require.Equal(t, before, count())
		})
	})
}

func TestRepairIsRecorded(t *testing.T) {
	t.Run("with the participant that came in the place of one who left, so that an undo knows them", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulatorOf(rig.WholeScenario()))
			before := r.State(t)
			m := r.Migrated(t)
			require.NoError(t, m.Emulator.LeaveAs(m.Conversation, rig.IdentityOf(1)))
			got, all, err := repairWith(t.Context(), t, m, &rig.Torn{})
			require.NoError(t, err)
			require.True(t, got.Equal, "%+v", all)
			_, _, err = r.Undo(t.Context(), true)
			require.NoError(t, err)
			require.Equal(t, before, r.State(t))
		})
	})

	t.Run("nowhere, if there is no ledger", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			m, _ := wired(t, rig.WholeScenario())
			want := ruin(t, m)
			r := verify.Repairer{
				Verifier: verify.Verifier{Source: m.Source(&transport.Counter{}), Target: m.Target, Observer: m.Events, Settings: m.Settings},
				Write:    m.Target, Bring: m.Bring(m.Source(&transport.Counter{}), nil), Execute: true,
			}
			got, err := r.Run(t.Context(), func(verify.Repair) {})
			require.NoError(t, err)
			require.True(t, got.Equal)
			require.Equal(t, got.Possible, got.Done)
			cfg, err := m.Target.Configuration(t.Context(), m.Service)
			require.NoError(t, err)
			require.Equal(t, want, cfg.Notifications)
		})
	})
}

// oddLevels is a Source that shows one record of a user's channels that makes no
// sense.
type oddLevels struct{ migrate.Source }

func (oddLevels) UserChannels(context.Context, string, string) iter.Seq2[chat.UserChannel, error] {
	return func(yield func(chat.UserChannel, error) bool) {
		yield(chat.UserChannel{}, &chat.Unreadable{Err: errors.New("the date is none")})
	}
}

// totals is an Observer that adds up.
type totals struct {
	*rig.Events
	mu             sync.Mutex
	expected, done map[string]int64
}

func (o *totals) Total(kind string, n int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.expected[kind] = n
}

func (o *totals) Done(kind string, n int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.done[kind] += n
}

func TestWhatAComparisonCounts(t *testing.T) {
	t.Run("is everything, once", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			m := rig.Migrated(t, rig.WholeScenario())
			o := &totals{Events: m.Events, expected: map[string]int64{}, done: map[string]int64{}}
			v := verify.Verifier{Source: m.Source(&transport.Counter{}), Target: m.Target, Observer: o, Settings: m.Settings}
			got, err := v.Run(t.Context(), func(verify.Difference) {})
			require.NoError(t, err)
			want := map[string]int64{migrate.KindServices: 1, migrate.KindRoles: 3, migrate.KindUsers: 2, migrate.KindChannels: 1, migrate.KindMembers: 2, migrate.KindMessages: 6}
			require.Equal(t, want, got.Compared)
			require.Equal(t, want, o.done)
			require.Equal(t, map[string]int64{migrate.KindChannels: 1, migrate.KindMembers: 2, migrate.KindMessages: 6}, o.expected)
			require.Equal(t, migrate.SchemaVersion, got.SchemaVersion)
			require.Equal(t, "verify", got.Command)
			require.Zero(t, got.Duration, "nobody waited")
		})
	})

	t.Run("looks a second time, a settle time later, and a repair that only lists looks no more often", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			m := rig.Migrated(t, rig.WholeScenario())
			require.NoError(t, m.Target.DeleteMessage(t.Context(), m.Service, m.Conversation, m.Messages(t)[2].SID))
			m.RestoreDates(t)
			v, all := m.Verify(t.Context())
			require.Len(t, all, 1)
			require.Equal(t, m.Settings.Settle.Seconds(), v.Duration)
			began := time.Now()
			m.Repair(t, false)
			require.Equal(t, m.Settings.Settle, time.Since(began))
		})
	})

	t.Run("is a user whose channels make no sense, as missing", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			m := rig.Migrated(t, rig.WholeScenario())
			m.Settings.UserChannels = true
			m.Settings.Concurrency = 1
			got, all, err := compareWith(t, m, oddLevels{m.Source(&transport.Counter{})}, nil)
			require.NoError(t, err)
			require.False(t, got.Equal)
			require.Equal(t, []verify.Difference{
				{Class: verify.Missing, Kind: migrate.KindUserChannels, SourceSID: rig.SidOf("US", 0)},
				{Class: verify.Missing, Kind: migrate.KindUserChannels, SourceSID: rig.SidOf("US", 1)},
			}, named(all))
		})
	})

	t.Run("a ledger that knows no target yet leaves it to the stamps", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			m := rig.Migrated(t, rig.WholeScenario())
			l, err := sqlite.Open(t.Context(), m.Ledger+".new")
			require.NoError(t, err)
			require.NoError(t, l.PutService(t.Context(), migrate.ServiceRecord{SourceSID: rig.ScenarioService, Stage: migrate.Planned}))
			got, all, err := compareWith(t, m, m.Source(&transport.Counter{}), l)
			require.NoError(t, err)
			require.Empty(t, all)
			require.True(t, got.Equal)
			require.Equal(t, m.Service, got.Services[0].TargetSID)
			require.NoError(t, l.Close())
		})
	})
}
