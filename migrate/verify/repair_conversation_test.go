package verify_test

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/verify"
)

// TestRepairOfConversations sets one field of a conversation that a repair may
// or may not be able to set back.
func TestRepairOfConversations(t *testing.T) {
	plain := rig.WholeScenario()
	plain.Channels[0].Unique = false
	for name, c := range map[string]struct {
		from   rig.Scenario
		set    conversations.Conversation
		field  string
		reason string // why it is impossible; empty where it is done
	}{
		"another name":                 {rig.WholeScenario(), conversations.Conversation{FriendlyName: "other"}, "friendly_name", ""},
		"another unique name":          {rig.WholeScenario(), conversations.Conversation{UniqueName: "other"}, "unique_name", ""},
		"a unique name that it lacked": {plain, conversations.Conversation{UniqueName: "other"}, "unique_name", "Twilio has no request that removes a name"},
		"inactivity":                   {rig.WholeScenario(), conversations.Conversation{State: "inactive"}, "state", ""},
		"an end":                       {rig.WholeScenario(), conversations.Conversation{State: "closed"}, "state", "a closed conversation stays closed"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := rig.Migrated(t, c.from)
				c.set.SID, c.set.DateUpdated = m.Conversation, rig.ScenarioStart.Add(48*60*60*1e9)
				require.NoError(t, m.Target.SetConversation(t.Context(), m.Service, c.set))
				before := m.Emulator.Stats().Conversations.Writes
				got, all := m.Repair(t, true)
				require.Len(t, all, 1)
				require.Equal(t, verify.Altered, all[0].Class)
				require.Equal(t, c.field, all[0].Field)
				require.Equal(t, c.reason, all[0].Reason)
				require.Equal(t, c.reason == "", all[0].Done)
				require.Equal(t, c.reason == "", got.Equal)
				if c.reason != "" {
					require.EqualValues(t, 1, got.Impossible)
					require.LessOrEqual(t, m.Emulator.Stats().Conversations.Writes, before+rig.ClaimWrites+1, "the claim, renewed while it looks twice")
				}
			})
		})
	}
}
