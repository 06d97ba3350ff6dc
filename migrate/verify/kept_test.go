package verify_test

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate/internal/rig"
)

// promote gives the first participant another role, as an admin does later on.
func promote(t *testing.T, m *rig.Mutant) conversations.Participant {
	t.Helper()
	p := m.Participants(t)[0]
	for role, err := range m.Target.Roles(t.Context(), m.Service) {
		require.NoError(t, err)
		if role.Type == conversations.ConversationRole && role.SID != p.RoleSID {
			p.RoleSID = role.SID
		}
	}
	p.DateUpdated = p.DateUpdated.AddDate(20, 0, 0)
	after, _, err := m.Target.EnsureParticipant(t.Context(), m.Service, m.Conversation, p, nil)
	require.NoError(t, err)
	return after
}

// A policy left a member as somebody changed them, and then another thing about
// them differs.
func TestRepairLeavesWhatAPolicyLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := rig.Migrated(t, rig.WholeScenario())
		promoted := promote(t, m)
		m.Ledger += ".new"
		_, err := m.Migrate(t.Context())
		require.NoError(t, err)
		back := conversations.Horizon{LastReadMessageIndex: m.Messages(t)[0].Index, LastReadTimestamp: promoted.LastReadTimestamp, DateUpdated: promoted.DateUpdated}
		require.NoError(t, m.Target.SetHorizon(t.Context(), m.Service, m.Conversation, promoted.SID, back))
		m.RestoreDates(t)

		got, all := m.Repair(t, true)
		require.True(t, got.Equal, "%+v", all)
		require.EqualValues(t, 1, got.Done)
		require.Equal(t, promoted, m.Participants(t)[0])
	})
}
