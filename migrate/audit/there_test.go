package audit_test

import (
	"io/fs"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/audit"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/transport"
)

// sharing are two services whose people and roles differ.
func sharing(t *testing.T) fs.FS {
	dir := "services/" + rig.ScenarioService + "/"
	second := rig.WithFile(t, rig.ManyChannels(2).Archive(), dir+"users.jsonl", func(text string) string { return strings.Replace(text, "User 1", "Other 1", 1) })
	second = rig.WithFile(t, second, dir+"roles.jsonl", func(text string) string {
		return strings.Replace(strings.Replace(text, `["leaveChannel"]`, `["sendMessage"]`, 1), `["createChannel","joinChannel"]`, `["joinChannel"]`, 1)
	})
	return rig.Beside(t, rig.ManyChannels(2).Archive(), second)
}

// looked audits with nothing of the target but what reads.
func looked(t *testing.T, m *rig.Mutant) audit.Audit {
	t.Helper()
	counter := &transport.Counter{}
	before := m.Emulator.Stats().Conversations.Writes
	a := audit.Auditor{
		Source: m.Source(counter), Observer: m.Events, Settings: m.Settings,
		Target: struct{ migrate.TargetReader }{m.Rig.Target(counter)},
	}
	got, err := a.Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, before, m.Emulator.Stats().Conversations.Writes)
	return got
}

var aboutTheTarget = []mapping.Code{mapping.RoleWasThere, mapping.RoleShared, mapping.UserWasThere, mapping.UserShared, mapping.HorizonKept}

func TestAuditOfAServiceInUse(t *testing.T) {
	for _, choice := range []mapping.Choice{"keep", "replace"} {
		t.Run("says what a migration then finds, with "+string(choice), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := rig.InUse(t, emulator.Config{Archive: sharing(t)})
				m.Settings.Mapper.Policy = mapping.Policy{mapping.UserWasThere: choice, mapping.RoleWasThere: choice}
				m.Settings.Concurrency = 1
				person, role := m.User(t, rig.IdentityOf(0)), m.RolesNamed(t, "Reader")[0]
				got := looked(t, m)
				for _, want := range []audit.Held{
					{Kind: migrate.KindUsers, SourceSID: rig.SidOf("US", 0), TargetSID: person.SID, Differs: []string{"friendly_name", "attributes", "role_sid"}, Code: mapping.UserWasThere, Fate: string(choice)},
					{Kind: migrate.KindRoles, SourceSID: rig.SidOf("RL", 2), TargetSID: role.SID, Differs: []string{"permissions"}, Code: mapping.RoleWasThere, Fate: string(choice)},
				} {
					require.Contains(t, got.There, want)
				}
				require.Equal(t, person, m.User(t, rig.IdentityOf(0)))
				s, err := m.Migrate(t.Context())
				require.NoError(t, err)
				require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
				said, found := rig.TimesFound(got.Findings), rig.TimesFound(s.Findings)
				for _, code := range aboutTheTarget {
					require.Equal(t, found[code], said[code], code)
				}
				require.Positive(t, said[mapping.RoleShared])
			})
		})
	}

	t.Run("says what would stop", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			m := rig.InUse(t, emulator.Config{})
			m.Settings.Mapper.Policy = mapping.Policy{mapping.RoleWasThere: "stop"}
			got := looked(t, m)
			require.Equal(t, "stop", got.There[0].Fate)
			_, err := m.Target.AppendRole(t.Context(), m.Service, conversations.Role{FriendlyName: "Reader", Type: conversations.ConversationRole, Permissions: []string{"sendMediaMessage"}})
			require.NoError(t, err)
			m.Settings.Mapper.Policy = nil
			require.Equal(t, "stop", looked(t, m).There[0].Fate, "it could be any of them")
		})
	})

	t.Run("says who has read on in what an earlier migration brought", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			m := rig.InUse(t, emulator.Config{Archive: rig.WholeScenario().Archive()})
			_, err := m.Migrate(t.Context())
			require.NoError(t, err)
			for _, h := range looked(t, m).There {
				require.NotEqual(t, mapping.HorizonKept, h.Code)
			}
			for sid := range m.ConversationsIn(t) {
				m.Conversation = sid
			}
			reader, last := m.Participants(t)[0], m.Messages(t)[5]
			at := time.Now().UTC().Truncate(time.Second)
			require.NoError(t, m.Target.SetHorizon(t.Context(), m.Service, m.Conversation, reader.SID, conversations.Horizon{LastReadMessageIndex: last.Index, LastReadTimestamp: at, DateUpdated: at}))
			require.Contains(t, looked(t, m).There, audit.Held{
				Kind: migrate.KindMembers, SourceSID: rig.SidOf("MB", 0), TargetSID: reader.SID, Differs: []string{"last_read_message_index"}, Code: mapping.HorizonKept, Fate: "keep",
			})
			m.Ledger += ".new"
			s, err := m.Migrate(t.Context())
			require.NoError(t, err)
			require.EqualValues(t, 1, rig.TimesFound(s.Findings)[mapping.HorizonKept])
		})
	})
}
