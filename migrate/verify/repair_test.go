package verify_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate/archive"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/sqlite"
	"chatbridge/migrate/undo"
	"chatbridge/migrate/verify"
)

func TestRepair(t *testing.T) {
	damaged := func(t *testing.T) *rig.Mutant {
		m := rig.Migrated(t, rig.WholeScenario())
		ctx := t.Context()
		all := m.Messages(t)
		// Horizons point at the fourth message, so the last two can go.
		for _, one := range all[4:] {
			require.NoError(t, m.Target.DeleteMessage(ctx, m.Service, m.Conversation, one.SID))
		}
		changed := all[1]
		changed.Body, changed.Attributes = "changed", `{"changed":1}`
		require.NoError(t, m.Target.SetMessage(ctx, m.Service, m.Conversation, changed))
		p := m.Participants(t)[0]
		require.NoError(t, m.Target.SetHorizon(ctx, m.Service, m.Conversation, p.SID, conversations.Horizon{LastReadMessageIndex: all[0].Index, DateUpdated: time.Now()}))
		_, err := m.Target.SetUser(ctx, m.Service, conversations.User{SID: m.User(t, rig.IdentityOf(0)).SID, FriendlyName: "changed", Attributes: `{"n":0}`})
		require.NoError(t, err)
		return m
	}

	t.Run("a preview writes nothing", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			m := damaged(t)
			before := m.Emulator.Stats().Conversations.Writes
			got, all := m.Repair(t, false)
			require.Equal(t, before, m.Emulator.Stats().Conversations.Writes)
			require.NotZero(t, got.Possible)
			require.Zero(t, got.Done)
			require.False(t, got.Equal)
			require.NotEmpty(t, all)
		})
	})

	t.Run("leaves what somebody else made or changed as it is", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			m := rig.InUse(t, emulator.Config{Archive: rig.WholeScenario().Archive()})
			_, err := m.Migrate(t.Context())
			require.NoError(t, err)
			before := m.State(t)
			for _, ledger := range []string{m.Ledger, m.Ledger + ".new"} {
				m.Ledger = ledger
				_, all := m.Repair(t, true)
				for _, one := range all {
					require.False(t, one.Possible, "%+v", one)
					require.Contains(t, one.Reason, "the ledger of the migration, given with --ledger, would show")
				}
				require.Equal(t, before, m.State(t))
			}
		})
	})

	t.Run("what it brought back is of the migration to an undo", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			m := rig.Migrated(t, rig.WholeScenario())
			u, role := m.User(t, rig.IdentityOf(0)), m.RolesNamed(t, "Reader")[0]
			changed := rig.WithFile(t, rig.WholeScenario().Archive(), "services/"+rig.ScenarioService+"/users.jsonl", func(text string) string { return strings.Replace(text, "User 0", "Later 0", 1) })
			changed = rig.WithFile(t, changed, "services/"+rig.ScenarioService+"/roles.jsonl", func(text string) string { return strings.Replace(text, `["leaveChannel"]`, `["sendMessage"]`, 1) })
			a, err := archive.Open(changed)
			require.NoError(t, err)
			l, err := sqlite.Open(t.Context(), m.Ledger)
			require.NoError(t, err)
			r := verify.Repairer{
				Verifier: verify.Verifier{Source: archive.NewSource(a), Target: m.Target, Ledger: l, Observer: m.Events, Settings: m.Settings},
				Write:    m.Target, Record: l, Execute: true,
			}
			got, err := r.Run(t.Context(), func(verify.Repair) {})
			require.NoError(t, errors.Join(err, l.Close()))
			require.True(t, got.Equal)
			require.NotEqual(t, u, m.User(t, rig.IdentityOf(0)))
			require.NotEqual(t, role, m.RolesNamed(t, "Reader")[0])
			_, removed, err := m.Undo(t.Context(), true)
			require.NoError(t, err)
			for _, one := range removed {
				require.Equal(t, undo.Delete, one.Fate, "%+v", one)
			}
		})
	})

	t.Run("brings back the tail, fields, horizons and dates, without a push, and the next run finds nothing to do", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			m := damaged(t)
			got, all := m.Repair(t, true)
			require.True(t, got.Equal, "%+v %+v", got, all)
			require.Equal(t, got.Possible, got.Done)
			require.Zero(t, got.Impossible)
			require.Zero(t, m.Emulator.Stats().Pushes)
			v, differences := m.Verify(t.Context())
			require.Empty(t, differences)
			require.True(t, v.Equal)
			again, err := m.Migrate(t.Context())
			require.NoError(t, err)
			require.EqualValues(t, rig.ClaimWrites, again.Requests.Writes)
		})
	})

	t.Run("says what it cannot bring back: a gap in the middle, and what would have to be deleted", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			m := rig.Migrated(t, rig.WholeScenario())
			all := m.Messages(t)
			require.NoError(t, m.Target.DeleteMessage(t.Context(), m.Service, m.Conversation, all[1].SID))
			m.Put(t, all[3])
			m.RestoreDates(t)
			before := m.Emulator.Stats().Conversations.Writes
			got, repairs := m.Repair(t, true)
			require.LessOrEqual(t, m.Emulator.Stats().Conversations.Writes, before+rig.ClaimWrites+1, "the claim, renewed while it looks twice")
			require.EqualValues(t, 2, got.Impossible)
			require.Zero(t, got.Possible)
			for _, one := range repairs {
				require.NotEmpty(t, one.Reason)
			}
		})
	})
}
