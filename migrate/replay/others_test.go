package replay_test

import (
	"fmt"
	"io/fs"
	"net/http"
	"strings"
	"sync"
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

// A user who is there after a create without an answer is of the migration if they
// are as they were sent: an undo takes them along.
func TestUsersWhoseCreateHadNoAnswer(t *testing.T) {
	for name, lose := range map[string]func(w http.ResponseWriter, commit func() emulator.Reply){
		"is lost": func(w http.ResponseWriter, commit func() emulator.Reply) { commit(); panic(http.ErrAbortHandler) },
		"says nothing": func(w http.ResponseWriter, commit func() emulator.Reply) {
			commit()
			w.WriteHeader(http.StatusAccepted)
		},
		"is an error": func(w http.ResponseWriter, commit func() emulator.Reply) {
			commit()
			w.WriteHeader(http.StatusBadGateway)
		},
		"is lost with it": func(http.ResponseWriter, func() emulator.Reply) { panic(http.ErrAbortHandler) },
	} {
		t.Run("which "+name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				lost := map[string]bool{}
				var mu sync.Mutex
				r := rig.NewRig(t, emulator.Config{Archive: rig.WholeScenario().Archive(), Intercept: func(w http.ResponseWriter, _ *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
					identity := x.Form.Get("Identity")
					mu.Lock()
					first := x.Write() && strings.HasSuffix(strings.Join(x.Path, "/"), "Users") && !lost[identity]
					if first {
						lost[identity] = true
					}
					mu.Unlock()
					if first {
						lose(w, commit)
						return
					}
					commit().WriteTo(w)
				}})
				r.Settings.ToService = r.Inhabit(t)
				clear(lost)
				before := r.State(t)
				s, err := r.Migrate(t.Context())
				require.NoError(t, err)
				require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
				require.Len(t, lost, 2)
				_, all, err := r.Undo(t.Context(), true)
				require.NoError(t, err)
				require.Equal(t, before, r.State(t), "%+v", all)
			})
		})
	}
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

// Two services in one target share its people and roles. The one that made
// something wins, or every pass would undo what the other wrote.
func TestServicesThatShareATarget(t *testing.T) {
	shared := func(t *testing.T) fs.FS {
		dir := "services/" + rig.ScenarioService + "/"
		second := rig.WithFile(t, rig.ManyChannels(2).Archive(), dir+"users.jsonl", func(text string) string { return strings.Replace(text, "User 1", "Other 1", 1) })
		second = rig.WithFile(t, second, dir+"roles.jsonl", func(text string) string { return strings.Replace(text, `["leaveChannel"]`, `["sendMessage"]`, 1) })
		return rig.Beside(t, rig.ManyChannels(2).Archive(), second)
	}
	for _, policy := range []mapping.Choice{"keep", "replace"} {
		t.Run(fmt.Sprint("passes do not fight, with ", policy), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := rig.InUse(t, emulator.Config{Archive: shared(t)})
				l.Settings.Mapper.Policy = chosen(policy)
				var states []string
				for pass := range 3 {
					s, err := l.Migrate(t.Context())
					require.NoError(t, err)
					require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
					if pass > 0 {
						require.EqualValues(t, rig.ClaimWrites, s.Requests.Writes)
					}
					found := rig.TimesFound(s.ThisRun)
					require.Positive(t, found[mapping.UserShared], "%v", found)
					if policy == "replace" {
						require.EqualValues(t, 1, found[mapping.RoleShared], "%v", found)
					}
					require.Len(t, l.RolesNamed(t, "Reader"), 1)
					states = append(states, l.State(t))
				}
				require.Equal(t, states[0], states[1])
				require.Equal(t, states[0], states[2])
				v, differences := l.VerifyKnowing(t.Context())
				require.True(t, v.Equal, "%+v", differences)
			})
		})
	}
}

// twins gives the scenario a second role named Reader that may do something else,
// and to one member that role.
func twins(t *testing.T) fs.FS {
	dir := "services/" + rig.ScenarioService + "/"
	in := rig.WithFile(t, rig.WholeScenario().Archive(), dir+"roles.jsonl", func(text string) string {
		lines := strings.Split(strings.TrimSpace(text), "\n")
		second := strings.Replace(lines[2], rig.SidOf("RL", 2), rig.SidOf("RL", 3), 1)
		second = strings.Replace(second, "leaveChannel", "destroyChannel", 1)
		return strings.Join(append(lines, second), "\n") + "\n"
	})
	return rig.WithFile(t, in, dir+"channels/"+rig.SidOf("CH", 0)+"/members.jsonl", func(text string) string {
		return strings.Replace(strings.Replace(text, `"role_sid":"`+rig.SidOf("RL", 1), `"role_sid":"`+rig.SidOf("RL", 3), 1), `"role_sid":"`+rig.SidOf("RL", 2), `"role_sid":"`+rig.SidOf("RL", 2), 1)
	})
}

func TestTwoRolesOfOneName(t *testing.T) {
	for name, unkind := range map[string]emulator.Unkind{"": {}, ", the second under another name if the target refuses": {SecondRole: true}} {
		for kept, ledger := range map[string]string{"": "", ", also under a new ledger": ".new"} {
			t.Run("are two"+name+kept, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r := rig.NewRig(t, emulator.Config{Archive: twins(t), Unkind: unkind})
					var last string
					for pass := range 3 {
						s, err := r.Migrate(t.Context())
						require.NoError(t, err)
						require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
						require.Equal(t, unkind.SecondRole, rig.TimesFound(s.ThisRun)[mapping.RoleRenamed] == 1)
						v, differences := r.Verify(t.Context())
						require.True(t, v.Equal, "%+v", differences)
						l := rig.In(r, s.Services[0].TargetSID)
						may := map[string]string{}
						for r, err := range l.Target.Roles(t.Context(), l.Service) {
							require.NoError(t, err)
							may[r.SID] = fmt.Sprint(r.Permissions)
						}
						for c, err := range l.Target.Conversations(t.Context(), l.Service) {
							require.NoError(t, err)
							for p, err := range l.Target.Participants(t.Context(), l.Service, c.SID) {
								require.NoError(t, err)
								want := map[string]string{rig.IdentityOf(0): "[deleteConversation]", rig.IdentityOf(1): "[leaveConversation]"}[p.Identity]
								require.Equal(t, want, may[p.RoleSID], p.Identity)
							}
						}
						if pass > 0 {
							require.Equal(t, last, l.State(t))
						}
						last = l.State(t)
						if r.Ledger += ledger; ledger == "" && pass > 0 {
							require.EqualValues(t, rig.ClaimWrites, s.Requests.Writes)
						}
					}
				})
			})
		}
	}
}

// A role create that was given up for lost lands after the run. It is named, and
// no role of the source is taken for it.
func TestARoleThatLandsLate(t *testing.T) {
	for _, toService := range []bool{false, true} {
		t.Run(fmt.Sprint("is found by the next pass and by verify, and undone; into a service that was there: ", toService), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var land func() emulator.Reply
				lose := func(w http.ResponseWriter, _ *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
					if x.Write() && x.Form.Get("FriendlyName") == "Channel User" && land == nil {
						land = commit
						panic(http.ErrAbortHandler)
					}
					commit().WriteTo(w)
				}
				r := rig.NewRig(t, emulator.Config{Archive: rig.WholeScenario().Archive(), Intercept: lose})
				there := r.Inhabit(t)
				if toService {
					r.Settings.ToService = there
				}
				before := r.State(t)
				s, err := r.Migrate(t.Context())
				require.NoError(t, err)
				l := rig.In(r, s.Services[0].TargetSID)
				require.Len(t, l.RolesNamed(t, "Channel User"), 1)
				land()
				require.Len(t, l.RolesNamed(t, "Channel User"), 2)
				doubled := func() {
					v, differences := r.VerifyKnowing(t.Context())
					require.EqualValues(t, map[verify.Class]int64{verify.Doubled: 1}, v.Differences, "%+v", differences)
				}
				doubled()
				s, err = r.Migrate(t.Context())
				require.NoError(t, err)
				require.EqualValues(t, rig.ClaimWrites, s.Requests.Writes)
				require.EqualValues(t, 1, rig.TimesFound(s.ThisRun)[mapping.RoleLate])
				doubled()
				s, err = r.Migrate(t.Context())
				require.NoError(t, err)
				require.Zero(t, rig.TimesFound(s.ThisRun)[mapping.RoleLate], "it is accounted for")
				_, all, err := r.Undo(t.Context(), true)
				require.NoError(t, err)
				require.Equal(t, before, r.State(t), "%+v", all)
			})
		})
	}
}
