package undo_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/undo"
)

func reasonFor(all []undo.Removal, kind, targetSID string) string {
	for _, r := range all {
		if r.Kind == kind && r.TargetSID == targetSID {
			return string(r.Fate) + ": " + r.Reason
		}
	}
	return ""
}

func TestUndoKeepsWhatPeopleChanged(t *testing.T) {
	profile := func(t *testing.T, m *rig.Mutant) (kind, sid string) {
		u := m.User(t, rig.IdentityOf(1))
		u.FriendlyName = "new name"
		_, err := m.Target.SetUser(t.Context(), m.Service, u)
		require.NoError(t, err)
		return migrate.KindUsers, u.SID
	}
	permissions := func(t *testing.T, m *rig.Mutant) (kind, sid string) {
		r := m.RolesNamed(t, "Reader")[0]
		r.Permissions = []string{"sendMessage"}
		require.NoError(t, m.Target.SetRole(t.Context(), m.Service, r))
		return migrate.KindRoles, r.SID
	}
	added := func(t *testing.T, m *rig.Mutant) (kind, sid string) {
		r, err := m.Target.AppendRole(t.Context(), m.Service, conversations.Role{FriendlyName: "Moderator", Type: conversations.ServiceRole, Permissions: []string{"joinConversation"}})
		require.NoError(t, err)
		return migrate.KindRoles, r.SID
	}
	for name, c := range map[string]struct {
		change func(*testing.T, *rig.Mutant) (kind, sid string)
		reason string
		own    bool // only a service of the migration's own tells
	}{
		"a profile":                  {profile, "keep: the user was changed since", false},
		"the permissions of a role":  {permissions, "keep: the role was changed since", false},
		"a role that somebody added": {added, "keep: somebody added the role", true},
	} {
		for _, toService := range []bool{false, true} {
			if toService && c.own {
				continue
			}
			into := map[bool]string{false: "a service of its own", true: "a service that was there"}[toService]
			t.Run(name+", in "+into+", and says why", func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r := rig.NewRig(t, emulator.Config{Archive: manyPlans().Archive()})
					if there := r.Inhabit(t); toService {
						r.Settings.ToService = there
					}
					s, err := r.Migrate(t.Context())
					require.NoError(t, err)
					time.Sleep(time.Hour)
					m := rig.In(r, s.Services[0].TargetSID)
					kind, sid := c.change(t, m)
					changed := m.User(t, rig.IdentityOf(1))
					preview, listed, err := r.Undo(t.Context(), false)
					require.NoError(t, err)
					require.Equal(t, c.reason, reasonFor(listed, kind, sid))
					got, all, err := r.Undo(t.Context(), true)
					require.NoError(t, err)
					require.Equal(t, c.reason, reasonFor(all, kind, sid), "%+v", all)
					require.EqualValues(t, 6, got.Counts[migrate.KindChannels].Done)
					require.Equal(t, preview.Counts[migrate.KindUsers].Delete, got.Counts[migrate.KindUsers].Done)
					if kind == migrate.KindUsers {
						require.Equal(t, changed, m.User(t, rig.IdentityOf(1)))
						return
					}
					var left []string
					for r, err := range m.Target.Roles(t.Context(), m.Service) {
						require.NoError(t, err)
						left = append(left, r.SID)
					}
					require.Contains(t, left, sid)
				})
			})
		}
	}
}

func TestUndoGivesBackWhatWasReplaced(t *testing.T) {
	replaced := func(t *testing.T, intercept emulator.Interceptor) (m *rig.Mutant, before string) {
		m = rig.InUse(t, emulator.Config{Intercept: intercept})
		before = m.State(t)
		m.Settings.Mapper.Policy = mapping.Policy{mapping.UserWasThere: "replace", mapping.RoleWasThere: "replace"}
		for range 2 {
			s, err := m.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status)
		}
		require.Equal(t, "User 0", m.User(t, rig.IdentityOf(0)).FriendlyName)
		return m, before
	}
	for _, kind := range []string{"Users", "Roles"} {
		t.Run("and a migration right after it waits for what had no answer, of "+kind, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				wire := &rig.Tripwire{}
				m, _ := replaced(t, wire.Intercept)
				time.Sleep(time.Hour)
				wire.Arm(rig.Trip{At: 1, Late: 9 * time.Second, Count: func(x *emulator.Exchange) bool {
					return x.Method == http.MethodPost && len(x.Path) == 5 && x.Path[3] == kind
				}})
				_, all, err := m.Undo(t.Context(), true)
				require.NoError(t, err)
				require.NotEmpty(t, wire.Disarm(), "%+v", all)
				s, err := m.Migrate(t.Context())
				require.NoError(t, err)
				require.Equal(t, migrate.Complete, s.Status)
				time.Sleep(time.Minute)
				_, differences := m.Verify(t.Context())
				require.Empty(t, differences)
			})
		})
	}
	t.Run("all of it, and a later migration starts anew", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			m, before := replaced(t, nil)
			person := m.User(t, rig.IdentityOf(0))
			preview, listed, err := m.Undo(t.Context(), false)
			require.NoError(t, err)
			require.Equal(t, "restore: it was replaced; its old values are restored", reasonFor(listed, migrate.KindUsers, person.SID))
			got, all, err := m.Undo(t.Context(), true)
			require.NoError(t, err)
			require.Equal(t, before, m.State(t), "%+v", all)
			require.EqualValues(t, 1, got.Counts[migrate.KindUsers].Restore)
			require.EqualValues(t, 1, got.Counts[migrate.KindRoles].Restore)
			for kind, c := range got.Counts {
				require.Equal(t, c.Delete+c.Restore, c.Done, kind)
				require.Equal(t, preview.Counts[kind].Delete, c.Delete, kind)
			}
			_, again, err := m.Undo(t.Context(), true)
			require.NoError(t, err)
			require.Empty(t, reasonFor(again, migrate.KindUsers, person.SID))
			_, err = m.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, "User 0", m.User(t, rig.IdentityOf(0)).FriendlyName)
		})
	})
	t.Run("but not over what somebody changed since", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			m, _ := replaced(t, nil)
			u, role := m.User(t, rig.IdentityOf(0)), m.RolesNamed(t, "Reader")[0]
			u.FriendlyName, role.Permissions = "changed", []string{"sendMediaMessage"}
			_, err := m.Target.SetUser(t.Context(), m.Service, u)
			require.NoError(t, err)
			require.NoError(t, m.Target.SetRole(t.Context(), m.Service, role))
			_, all, err := m.Undo(t.Context(), true)
			require.NoError(t, err)
			for kind, sid := range map[string]string{migrate.KindUsers: u.SID, migrate.KindRoles: role.SID} {
				require.Equal(t, "keep: it was replaced, but somebody has changed it since", reasonFor(all, kind, sid))
			}
			require.Equal(t, u, m.User(t, rig.IdentityOf(0)))
			require.Equal(t, role, m.RolesNamed(t, "Reader")[0])
		})
	})
	t.Run("what was changed between two passes is what comes back", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			m, _ := replaced(t, nil)
			role := m.RolesNamed(t, "Reader")[0]
			role.Permissions = []string{"sendMediaMessage"}
			require.NoError(t, m.Target.SetRole(t.Context(), m.Service, role))
			_, err := m.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, []string{"leaveConversation"}, m.RolesNamed(t, "Reader")[0].Permissions)
			_, _, err = m.Undo(t.Context(), true)
			require.NoError(t, err)
			require.Equal(t, role, m.RolesNamed(t, "Reader")[0])
		})
	})
	t.Run("as it was first, however often the source changed since", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			m, before := replaced(t, nil)
			dir := "services/" + rig.ScenarioService + "/"
			later := rig.WithFile(t, rig.ManyChannels(2).Archive(), dir+"users.jsonl", func(text string) string {
				return strings.Replace(strings.Replace(text, "User 0", "Later 0", 1), "1999-03-01", "1999-04-01", 2)
			})
			later = rig.WithFile(t, later, dir+"roles.jsonl", func(text string) string { return strings.Replace(text, `["leaveChannel"]`, `["sendMediaMessage"]`, 1) })
			m.PassFrom(t, later)
			require.Equal(t, "Later 0", m.User(t, rig.IdentityOf(0)).FriendlyName)
			require.Equal(t, []string{"sendMediaMessage"}, m.RolesNamed(t, "Reader")[0].Permissions)
			_, all, err := m.Undo(t.Context(), true)
			require.NoError(t, err)
			require.Equal(t, before, m.State(t), "%+v", all)
		})
	})
	t.Run("also if the migration was killed at one write or another", func(t *testing.T) {
		for write := 1; write <= 10; write++ {
			for _, after := range []bool{false, true} {
				synctest.Test(t, func(t *testing.T) {
					m := rig.InUse(t, emulator.Config{})
					person, role := m.User(t, rig.IdentityOf(0)), m.RolesNamed(t, "Reader")
					m.Settings.Mapper.Policy = mapping.Policy{mapping.UserWasThere: "replace", mapping.RoleWasThere: "replace"}
					require.True(t, m.Killed(t, rig.Kill{Write: write, After: after}))
					s, err := m.Migrate(t.Context())
					require.NoError(t, err)
					require.Equal(t, migrate.Complete, s.Status)
					require.NotEqual(t, person, m.User(t, rig.IdentityOf(0)))
					_, all, err := m.Undo(t.Context(), true)
					require.NoError(t, err)
					require.Equal(t, person, m.User(t, rig.IdentityOf(0)), "write %d, after %t: %+v", write, after, all)
					require.Equal(t, role, m.RolesNamed(t, "Reader"))
				})
			}
		}
	})
	t.Run("also if the undo is cut off at one write or another", func(t *testing.T) {
		for write := 1; write <= 8; write++ {
			for _, after := range []bool{false, true} {
				synctest.Test(t, func(t *testing.T) {
					ctx, cancel := context.WithCancel(t.Context())
					defer cancel()
					var armed, writes int
					m, before := replaced(t, func(w http.ResponseWriter, _ *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
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
					})
					m.Settings.Concurrency = 1
					armed = write
					_, _, _ = m.Undo(ctx, true)
					armed = 0
					time.Sleep(time.Minute)
					_, all, err := m.Undo(t.Context(), true)
					require.NoError(t, err)
					require.Equal(t, before, m.State(t), "write %d, after %t: %+v", write, after, all)
				})
			}
		}
	})
}

func TestUndoTakesALateRoleAlong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var land func() emulator.Reply
		lose := func(w http.ResponseWriter, _ *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
			if x.Write() && x.Form.Get("FriendlyName") == "Channel User" && land == nil {
				land = commit
				panic(http.ErrAbortHandler)
			}
			commit().WriteTo(w)
		}
		r := rig.NewRig(t, emulator.Config{Archive: manyPlans().Archive(), Intercept: lose})
		r.Settings.ToService = r.Inhabit(t)
		before := r.State(t)
		_, err := r.Migrate(t.Context())
		require.NoError(t, err)
		land()
		_, all, err := r.Undo(t.Context(), true)
		require.NoError(t, err)
		require.Equal(t, before, r.State(t), "%+v", all)
	})
}
