package replay_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/verify"
)

func chosen(c mapping.Choice) mapping.Policy {
	return mapping.Policy{mapping.UserWasThere: c, mapping.RoleWasThere: c}
}

func TestRolesAndUsersThatWereThere(t *testing.T) {
	for name, ledger := range map[string]string{"the same ledger": "", "a new ledger": ".new"} {
		t.Run("are kept, and said in every pass, under "+name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := rig.InUse(t, emulator.Config{})
				person, role := l.User(t, rig.IdentityOf(0)), l.RolesNamed(t, "Reader")
				var requests []int64
				for range 3 {
					s, err := l.Migrate(t.Context())
					require.NoError(t, err)
					require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
					require.EqualValues(t, 1, rig.TimesFound(s.ThisRun)[mapping.UserWasThere])
					require.EqualValues(t, 1, rig.TimesFound(s.ThisRun)[mapping.RoleWasThere])
					require.Equal(t, person, l.User(t, rig.IdentityOf(0)))
					require.Equal(t, role, l.RolesNamed(t, "Reader"))
					requests = append(requests, s.Requests.Writes)
					v, differences := l.VerifyKnowing(t.Context())
					require.True(t, v.Equal, "%+v", differences)
					require.EqualValues(t, 3, v.Differences[verify.Foreign]-1, "name and attributes of the user, permissions of the role; the role of the user is another: %+v", differences)
					l.Ledger += ledger
				}
				if ledger == "" {
					require.EqualValues(t, rig.ClaimWrites, requests[1])
				}
			})
		})
	}

	t.Run("are replaced if that is chosen", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l := rig.InUse(t, emulator.Config{})
			l.Settings.Mapper.Policy = chosen("replace")
			for pass := range 2 {
				s, err := l.Migrate(t.Context())
				require.NoError(t, err)
				require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
				require.Equal(t, "User 0", l.User(t, rig.IdentityOf(0)).FriendlyName)
				require.Equal(t, []string{"leaveConversation"}, l.RolesNamed(t, "Reader")[0].Permissions)
				if pass > 0 {
					require.EqualValues(t, rig.ClaimWrites, s.Requests.Writes)
				}
			}
			_, differences := l.VerifyKnowing(t.Context())
			require.Empty(t, differences)
		})
	})

	t.Run("are replaced by a later pass that chooses so", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l := rig.InUse(t, emulator.Config{})
			_, err := l.Migrate(t.Context())
			require.NoError(t, err)
			l.Settings.Mapper.Policy = chosen("replace")
			s, err := l.Migrate(t.Context())
			require.NoError(t, err)
			require.EqualValues(t, 1, rig.TimesFound(s.ThisRun)[mapping.UserWasThere])
			require.Equal(t, "User 0", l.User(t, rig.IdentityOf(0)).FriendlyName)
			require.Equal(t, []string{"leaveConversation"}, l.RolesNamed(t, "Reader")[0].Permissions)
		})
	})

	t.Run("stop if that is chosen: a role before anything is written, a user alone", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l := rig.InUse(t, emulator.Config{})
			before := l.State(t)
			l.Settings.Mapper.Policy = chosen("stop")
			_, err := l.Migrate(t.Context())
			require.ErrorContains(t, err, "role-was-there")
			require.NotEmpty(t, migrate.HintOf(err))
			require.Equal(t, before, l.State(t))
			l.Settings.Mapper.Policy = mapping.Policy{mapping.UserWasThere: "stop"}
			s, err := l.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Partial, s.Status)
			require.Contains(t, s.Failures[0].Reason, "user-was-there")
			require.Equal(t, "Theirs", l.User(t, rig.IdentityOf(0)).FriendlyName)
		})
	})

	t.Run("several of one name and none as wanted stop, and are named", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l := rig.InUse(t, emulator.Config{})
			_, err := l.Target.AppendRole(t.Context(), l.Service, conversations.Role{FriendlyName: "Reader", Type: conversations.ConversationRole, Permissions: []string{"sendMediaMessage"}})
			require.NoError(t, err)
			_, err = l.Migrate(t.Context())
			for _, r := range l.RolesNamed(t, "Reader") {
				require.ErrorContains(t, err, r.SID)
			}
		})
	})

	t.Run("stay theirs if they change after a pass that found them equal", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l := rig.InUse(t, emulator.Config{})
			role := l.RolesNamed(t, "Reader")[0]
			role.Permissions = []string{"leaveConversation"}
			require.NoError(t, l.Target.SetRole(t.Context(), l.Service, role))
			_, err := l.Migrate(t.Context())
			require.NoError(t, err)
			role.Permissions = []string{"sendMessage"}
			require.NoError(t, l.Target.SetRole(t.Context(), l.Service, role))
			v, differences := l.VerifyKnowing(t.Context())
			require.True(t, v.Equal, "%+v", differences)
			s, err := l.Migrate(t.Context())
			require.NoError(t, err)
			require.EqualValues(t, 1, rig.TimesFound(s.ThisRun)[mapping.RoleWasThere])
			require.Equal(t, role, l.RolesNamed(t, "Reader")[0])
		})
	})

	t.Run("what people changed of what was made is theirs from then on", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{})
			s := r.MigrateFrom(t, rig.ManyChannels(1).Archive())
			l := rig.In(r, s.Services[0].TargetSID)
			u, role := l.User(t, rig.IdentityOf(0)), l.RolesNamed(t, "Reader")[0]
			u.FriendlyName, role.Permissions = "edited", []string{"sendMessage"}
			_, err := l.Target.SetUser(t.Context(), l.Service, u)
			require.NoError(t, err)
			require.NoError(t, l.Target.SetRole(t.Context(), l.Service, role))
			changed := rig.WithFile(t, rig.ManyChannels(1).Archive(), "services/"+rig.ScenarioService+"/users.jsonl", func(text string) string {
				return strings.Replace(strings.Replace(text, "User 0", "Later 0", 1), "1999-03-01", "1999-04-01", 2)
			})
			got := l.PassFrom(t, changed)
			require.EqualValues(t, 1, rig.TimesFound(got.ThisRun)[mapping.UserWasThere])
			require.EqualValues(t, 1, rig.TimesFound(got.ThisRun)[mapping.RoleWasThere])
			require.Equal(t, u, l.User(t, rig.IdentityOf(0)))
			require.Equal(t, role, l.RolesNamed(t, "Reader")[0])
		})
	})
}

// Somebody adds a role by hand to a service that the migration made, and Chat gets
// one of that name later.
func TestARoleAddedByHandIsSomebodys(t *testing.T) {
	for name, ledger := range map[string]string{"the same ledger": "", "a new ledger": ".new"} {
		t.Run("under "+name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := rig.NewRig(t, emulator.Config{})
				s := r.PassFrom(t, rig.ManyChannels(1).Archive())
				m := rig.In(r, s.Services[0].TargetSID)
				byHand, err := m.Target.AppendRole(t.Context(), m.Service, conversations.Role{FriendlyName: "Moderator", Type: conversations.ConversationRole, Permissions: []string{"deleteAnyMessage"}})
				require.NoError(t, err)
				r.Ledger += ledger
				grown := rig.WithFile(t, rig.ManyChannels(1).Archive(), "services/"+rig.ScenarioService+"/roles.jsonl", func(text string) string {
					lines := strings.Split(strings.TrimSpace(text), "\n")
					return text + strings.Replace(strings.Replace(lines[2], rig.SidOf("RL", 2), rig.SidOf("RL", 3), 1), "Reader", "Moderator", 1) + "\n"
				})
				s = r.PassFrom(t, grown)
				require.EqualValues(t, 1, rig.TimesFound(s.ThisRun)[mapping.RoleWasThere])
				require.Equal(t, []conversations.Role{byHand}, m.RolesNamed(t, "Moderator"))
			})
		})
	}
}
