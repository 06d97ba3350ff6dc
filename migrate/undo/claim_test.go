package undo_test

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/internal/claim"
	"chatbridge/migrate/internal/rig"
)

const atWork = "another run is active in the service: undo --execute refuses until it has ended"

func TestUndoBesideARun(t *testing.T) {
	t.Run("deletes nothing, and names the run; a preview goes on", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			m := rig.Migrated(t, rig.WholeScenario())
			other := claim.New(claim.Options{Target: m.Target, Verb: "migrate", Settle: m.Settings.Settle, Observer: m.Events})
			require.NoError(t, other.Take(t.Context(), m.Service, rig.ScenarioService, nil))
			_, all, err := m.Undo(t.Context(), true)
			require.Equal(t, migrate.Conflict, migrate.KindOf(err))
			require.ErrorContains(t, err, "another run writes into it")
			require.Empty(t, all)
			require.Len(t, m.Messages(t), 6)
			preview, _, err := m.Undo(t.Context(), false)
			require.NoError(t, err)
			require.EqualValues(t, 1, preview.Counts[migrate.KindServices].Delete, "a claim keeps no service")
			require.Contains(t, m.Events.Messages(), atWork)
			other.Release(t.Context())
			got, _, err := m.Undo(t.Context(), true)
			require.NoError(t, err)
			require.EqualValues(t, 1, got.Counts[migrate.KindServices].Done)
		})
	})
	t.Run("gives back the notifications that only the claim tells of", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := rig.WholeScenario()
			m := rig.Migrated(t, s)
			require.NoError(t, m.Target.SetConversation(t.Context(), m.Service, conversations.Conversation{SID: m.Conversation, FriendlyName: "theirs now"}))
			require.NoError(t, m.Target.SetNotifications(t.Context(), m.Service, conversations.Notifications{}))
			_, err := m.Target.AppendConversation(t.Context(), m.Service, conversations.Conversation{
				UniqueName: migrate.ClaimName, Attributes: `{"chatbridge_claim":{"counter":7,"notifications":{"new_message":{"enabled":true}}}}`,
			})
			require.NoError(t, err)
			got, _, err := m.Undo(t.Context(), true)
			require.NoError(t, err)
			require.EqualValues(t, 1, got.Counts[migrate.KindServices].Keep)
			cfg, err := m.Target.Configuration(t.Context(), m.Service)
			require.NoError(t, err)
			require.True(t, cfg.Notifications.NewMessage.Enabled)
			_, err = m.Target.Conversation(t.Context(), m.Service, migrate.ClaimName)
			require.Equal(t, migrate.NotFound, migrate.KindOf(err))
		})
	})
}
