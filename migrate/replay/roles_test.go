package replay_test

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/archive"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/origin"
	"chatbridge/migrate/transport"
)

// roleLine is a role of the source.
func roleLine(n int, kind, name string, permissions ...string) string {
	return `{"sid":"` + rig.SidOf("RL", n) + `","service_sid":"` + rig.ScenarioService + `","friendly_name":"` + name + `","type":"` + kind +
		`","permissions":["` + strings.Join(permissions, `","`) + `"]}` + "\n"
}

func withRoles(t *testing.T, lines ...string) fs.FS {
	return rig.WithFile(t, little(t), archive.RolesPath(rig.ScenarioService), func(s string) string { return s + strings.Join(lines, "") })
}

// rolesIn are the roles of a service of the target, by type and name.
func rolesIn(t *testing.T, r *rig.Rig, service string) map[string][]conversations.Role {
	t.Helper()
	all := map[string][]conversations.Role{}
	for one, err := range r.Target(&transport.Counter{}).Roles(t.Context(), service) {
		require.NoError(t, err)
		all[one.Type+" "+one.FriendlyName] = append(all[one.Type+" "+one.FriendlyName], one)
	}
	return all
}

func TestRoles(t *testing.T) {
	t.Run("are made once each, known by type and name, and noted", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			in := withRoles(t,
				roleLine(10, "deployment", "Twin", "joinChannel"), roleLine(11, "deployment", "Twin", "createChannel"),
				roleLine(12, "channel", "Twin", "sendMessage"))
			r := littleRig(t, in)
			s, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.KindCount{Source: 6, Written: 6}, s.Counts[migrate.KindRoles])
			there := rolesIn(t, r, s.Services[0].TargetSID)
			twins := there[conversations.ServiceRole+" Twin"]
			require.Len(t, twins, 2)
			require.Len(t, there[conversations.ConversationRole+" Twin"], 1)
			for n, permission := range map[int]string{10: "joinConversation", 11: "createConversation"} {
				i := slices.IndexFunc(twins, func(one conversations.Role) bool { return slices.Equal(one.Permissions, []string{permission}) })
				require.GreaterOrEqual(t, i, 0, permission)
				rec, known := entityOf(t, r, migrate.RoleEntity, rig.SidOf("RL", n))
				require.True(t, known)
				require.Equal(t, migrate.EntityRecord{
					Kind: migrate.RoleEntity, SourceSID: rig.SidOf("RL", n), TargetSID: twins[i].SID, ParentSID: rig.ScenarioService, Digest: origin.DigestRole(twins[i]),
				}, rec)
			}

			again, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.EqualValues(t, rig.ClaimWrites, again.Requests.Writes)
			require.Equal(t, migrate.KindCount{Source: 6, Existing: 6}, again.Counts[migrate.KindRoles])
		})
	})

	t.Run("that are there get the permissions where a policy says so, and keep their SID", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := littleRig(t, withRoles(t, roleLine(10, "channel", "Odd", "sendMessage"), roleLine(11, "channel", "Even", "sendMessage")))
			r.Settings.Mapper.Policy[mapping.RoleWasThere] = "replace"
			r.Settings.ToService = r.Inhabit(t)
			target := r.Target(&transport.Counter{})
			odd, err := target.AppendRole(t.Context(), r.Settings.ToService, conversations.Role{Type: conversations.ConversationRole, FriendlyName: "Odd", Permissions: []string{"leaveConversation"}})
			require.NoError(t, err)
			even, err := target.AppendRole(t.Context(), r.Settings.ToService, conversations.Role{Type: conversations.ConversationRole, FriendlyName: "Even", Permissions: []string{"sendMessage"}})
			require.NoError(t, err)
			c := &calls{}
			s, err := c.run(t.Context(), t, r)
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status)
			there := rolesIn(t, r, r.Settings.ToService)
			odds := there[conversations.ConversationRole+" Odd"]
			require.Len(t, odds, 1)
			require.Equal(t, odd.SID, odds[0].SID)
			require.Equal(t, []string{"sendMessage"}, odds[0].Permissions)
			for n, sid := range map[int]string{10: odd.SID, 11: even.SID} {
				rec, known := entityOf(t, r, migrate.RoleEntity, rig.SidOf("RL", n))
				require.True(t, known)
				require.True(t, rec.Existing)
				require.Equal(t, sid, rec.TargetSID)
			}
			require.Equal(t, migrate.KindCount{Source: 5, Written: int64(c.times("target SetRole") + c.times("target AppendRole")), Existing: 1}, s.Counts[migrate.KindRoles])
		})
	})

	t.Run("that cannot be carried are said, and the rest goes on", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := littleRig(t, withRoles(t, roleLine(10, "channel", "Empty", "nothingKnown"), roleLine(11, "odd", "Odd", "sendMessage"), roleLine(12, "channel", "Last", "sendMessage")))
			r.Settings.Mapper.Policy[mapping.RoleEmpty] = "stop"
			r.Settings.Mapper.Policy[mapping.PermissionUnknown] = "drop"
			s, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Partial, s.Status)
			require.Len(t, s.Failures, 1)
			require.Equal(t, migrate.KindRoles, s.Failures[0].Kind)
			require.Equal(t, rig.SidOf("RL", 10), s.Failures[0].SourceSID)
			require.Contains(t, s.Failures[0].Hint, "--policy "+string(mapping.RoleEmpty)+"=")
			have := s.Counts[migrate.KindRoles]
			require.EqualValues(t, 6, have.Source)
			require.EqualValues(t, 1, have.Failed)
			require.EqualValues(t, 4, have.Written+have.Existing)
			require.EqualValues(t, 6, dealtWith(t, r).Totals[migrate.KindRoles])
			there := rolesIn(t, r, s.Services[0].TargetSID)
			require.Len(t, there[conversations.ConversationRole+" Last"], 1)
			require.Empty(t, there[conversations.ConversationRole+" Empty"])
			require.Empty(t, there[conversations.ConversationRole+" Odd"])
			require.EqualValues(t, 1, rig.TimesFound(s.ThisRun)[mapping.RoleType])
			for _, n := range []int{10, 11} {
				_, known := entityOf(t, r, migrate.RoleEntity, rig.SidOf("RL", n))
				require.False(t, known)
			}
		})
	})

	for kind, settles := range map[migrate.Kind]bool{migrate.InDoubt: true, migrate.Contended: false} {
		t.Run("whose create says nothing again and again end the run", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := rig.NewRig(t, emulator.Config{Archive: withRoles(t, roleLine(10, "channel", "New", "sendMessage"))})
				c := &calls{before: func(one call) error {
					if one.name == "target AppendRole" {
						return &migrate.Error{Op: "create role", Kind: kind, Err: errors.New("nothing")}
					}
					return nil
				}}
				s, err := c.run(t.Context(), t, r)
				require.Equal(t, migrate.Unavailable, migrate.KindOf(err))
				require.ErrorContains(t, err, "create role "+s.Services[0].TargetSID+": no answer to any attempt")
				require.Equal(t, "run the same command again to resume", migrate.HintOf(err))
				require.Equal(t, 5, c.times("target AppendRole"))
				require.Equal(t, 6, c.times("target Roles"))
				require.Equal(t, settles, s.Duration >= 5*r.Settings.Settle.Seconds())
				require.Zero(t, c.times("target AppendConversation"))
			})
		})

		t.Run("whose create says nothing are looked for by type and name, and taken", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := littleRig(t, withRoles(t, roleLine(10, "channel", "Both", "sendMessage"), roleLine(11, "deployment", "Both", "joinChannel")))
				c := &calls{after: func(one call) error {
					if one.name == "target AppendRole" {
						return &migrate.Error{Op: "create role", Kind: kind, Err: errors.New("nothing")}
					}
					return nil
				}}
				s, err := c.run(t.Context(), t, r)
				require.NoError(t, err)
				there := rolesIn(t, r, s.Services[0].TargetSID)
				for n, name := range map[int]string{10: conversations.ConversationRole + " Both", 11: conversations.ServiceRole + " Both"} {
					require.Len(t, there[name], 1)
					rec, _ := entityOf(t, r, migrate.RoleEntity, rig.SidOf("RL", n))
					require.Equal(t, there[name][0].SID, rec.TargetSID)
					require.False(t, rec.Existing)
				}
			})
		})
	}
}
