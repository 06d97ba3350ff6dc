package replay_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/sidecar"
)

// An admin gives a member another role after the cut-over, and the ledger is lost.
func TestAMemberWhomSomebodyChangedSince(t *testing.T) {
	changed := func(t *testing.T) (m *rig.Mutant, before, after conversations.Participant) {
		m = rig.Migrated(t, rig.WholeScenario())
		before = m.Participants(t)[0]
		var other string
		for role, err := range m.Target.Roles(t.Context(), m.Service) {
			require.NoError(t, err)
			if role.Type == conversations.ConversationRole && role.SID != before.RoleSID {
				other = role.SID
			}
		}
		require.NotEmpty(t, other)
		promoted := before
		promoted.RoleSID, promoted.DateUpdated = other, before.DateUpdated.AddDate(20, 0, 0)
		after, change, err := m.Target.EnsureParticipant(t.Context(), m.Service, m.Conversation, promoted, nil)
		require.NoError(t, err)
		require.Equal(t, migrate.Updated, change)
		return m, before, after
	}

	t.Run("is left as they are, found once, and foreign to verify; another policy decides anew", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			m, before, after := changed(t)
			m.Ledger += ".new"
			for range 2 {
				s, err := m.Migrate(t.Context())
				require.NoError(t, err)
				require.Equal(t, migrate.Complete, s.Status)
				require.EqualValues(t, 1, rig.TimesFound(s.Findings)[mapping.MemberWasThere])
				require.Equal(t, after, m.Participants(t)[0])
			}
			v, differences := m.VerifyKnowing(t.Context())
			require.True(t, v.Equal, "%+v", differences)

			m.Settings.Mapper.Policy = mapping.Policy{mapping.MemberWasThere: "stop"}
			s, err := m.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Partial, s.Status)
			require.Contains(t, s.Failures[0].Reason, "member-was-there")
			require.Equal(t, after, m.Participants(t)[0])

			m.Settings.Mapper.Policy = mapping.Policy{mapping.MemberWasThere: "replace"}
			s, err = m.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status)
			require.Equal(t, before, m.Participants(t)[0])
		})
	})
	t.Run("what a policy replaces is kept first, or not replaced", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			m, before, after := changed(t)
			m.Ledger += ".new"
			m.Settings.Mapper.Policy = mapping.Policy{mapping.MemberWasThere: "replace"}
			dir := t.TempDir()
			m.Sidecar = sidecar.New(filepath.Join(dir, "missing", "originals.jsonl"))
			_, err := m.Migrate(t.Context())
			require.ErrorContains(t, err, "keep originals")
			require.Equal(t, after, m.Participants(t)[0])

			path := filepath.Join(dir, "originals.jsonl")
			m.Sidecar = sidecar.New(path)
			s, err := m.Migrate(t.Context())
			require.NoError(t, err)
			require.NoError(t, m.Sidecar.Close())
			require.Equal(t, before, m.Participants(t)[0])
			require.EqualValues(t, 1, rig.TimesFound(s.ThisRun)[mapping.MemberWasThere])
			raw, err := os.ReadFile(path)
			require.NoError(t, err)
			var kept sidecar.Entry
			require.NoError(t, json.Unmarshal(raw, &kept), "one line")
			var was conversations.Participant
			require.NoError(t, json.Unmarshal([]byte(kept.Original), &was))
			require.Equal(t, after, was)
		})
	})
	t.Run("attributes that the source does not have are theirs too, and go if a policy replaces them", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			m := rig.Migrated(t, rig.WholeScenario())
			before := m.Participants(t)[0]
			marked := before
			marked.Attributes, marked.DateUpdated = `{"vip":true}`, before.DateUpdated.AddDate(20, 0, 0)
			after, _, err := m.Target.EnsureParticipant(t.Context(), m.Service, m.Conversation, marked, nil)
			require.NoError(t, err)
			m.Ledger += ".new"
			s, err := m.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
			require.EqualValues(t, 1, rig.TimesFound(s.Findings)[mapping.MemberWasThere])
			require.Equal(t, after, m.Participants(t)[0])
			m.Settings.Mapper.Policy = mapping.Policy{mapping.MemberWasThere: "replace"}
			s, err = m.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
			require.Equal(t, before, m.Participants(t)[0])
		})
	})
	t.Run("how far they have read moves on, and it still shows that somebody changed them", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			m, _, after := changed(t)
			m.Ledger += ".new"
			further := rig.WithFile(t, rig.WholeScenario().Archive(), membersPath(0), func(text string) string {
				return strings.Replace(text, `"last_consumed_message_index":3`, `"last_consumed_message_index":5`, 1)
			})
			m.PassFrom(t, further)
			now := m.Participants(t)[0]
			require.Greater(t, *now.LastReadMessageIndex, *after.LastReadMessageIndex)
			require.Equal(t, after.DateUpdated, now.DateUpdated)

			m.Settings.Mapper.Policy = mapping.Policy{mapping.MemberWasThere: "stop"}
			s, err := m.TryFrom(t, further)
			require.NoError(t, err)
			require.Equal(t, migrate.Partial, s.Status)
			require.Contains(t, s.Failures[0].Reason, "member-was-there")
			require.Equal(t, now, m.Participants(t)[0])
		})
	})
	t.Run("under the ledger that brought them, what Chat changed since wins", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			m, before, _ := changed(t)
			s := m.PassFrom(t, rig.WithFile(t, rig.WholeScenario().Archive(), membersPath(0), func(text string) string {
				at := strings.Index(text, `"date_updated":"`) + len(`"date_updated":"`)
				return text[:at] + "2009" + text[at+len("2009"):]
			}))
			require.Zero(t, rig.TimesFound(s.Findings)[mapping.MemberWasThere])
			require.Equal(t, before.RoleSID, m.Participants(t)[0].RoleSID)
		})
	})
}
