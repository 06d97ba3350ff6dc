package replay_test

import (
	"io/fs"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
)

// stores is a target that stores what is sent to a collection, or to one resource
// in it, otherwise.
func stores(collection string, alter func(form url.Values)) emulator.Interceptor {
	return func(w http.ResponseWriter, _ *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
		n := len(x.Path)
		of := n > 1 && (x.Path[n-1] == collection || x.Path[n-2] == collection)
		if x.Host == emulator.ConversationsHost && x.Method == http.MethodPost && of && !strings.HasPrefix(x.Form.Get("UniqueName"), migrate.ClaimName) {
			alter(x.Form)
		}
		commit().WriteTo(w)
	}
}

func without(fields ...string) func(url.Values) {
	return func(form url.Values) {
		for _, f := range fields {
			form.Del(f)
		}
	}
}

func put(field, from, to string) func(url.Values) {
	return func(form url.Values) {
		if form.Has(field) {
			form.Set(field, strings.ReplaceAll(form.Get(field), from, to))
		}
	}
}

// spaced is one channel, whose name, and those of a user and of a role, end in
// white space, and whose member has attributes. Nobody says when that user was
// changed.
func spaced(t *testing.T) fs.FS {
	dir := "services/" + rig.ScenarioService + "/"
	in := rig.ManyChannels(1).Archive()
	for name, change := range map[string][2]string{
		dir + "users.jsonl":    {`"User 0"`, `"User 0 "`},
		dir + "channels.jsonl": {`"Channel 0"`, `"Channel 0 "`},
		dir + "roles.jsonl":    {`"Reader"`, `"Reader "`},
		dir + "channels/" + rig.SidOf("CH", 0) + "/members.jsonl": {`{"`, `{"attributes":"{\"big\":9007199254740993}","`},
	} {
		in = rig.WithFile(t, in, name, func(s string) string { return strings.Replace(s, change[0], change[1], 1) })
	}
	return rig.WithFile(t, in, dir+"users.jsonl", func(s string) string {
		return strings.Replace(s, `"date_updated":"1999-03-01T09:00:00Z",`, "", 1)
	})
}

func TestStoredOtherwise(t *testing.T) {
	digits := put("Attributes", "9007199254740993", "9007199254740992")
	trimmed := func(f url.Values) { f.Set("FriendlyName", strings.TrimSpace(f.Get("FriendlyName"))) }
	for name, c := range map[string]struct {
		collection, field string
		alter             func(url.Values)
	}{
		"the name of a conversation":                    {"Conversations", "friendly_name", trimmed},
		"the attributes of a conversation":              {"Conversations", "attributes", digits},
		"the date of a conversation":                    {"Conversations", "date_created", without("DateCreated")},
		"the date of the last change of a conversation": {"Conversations", "date_updated", func(f url.Values) { f.Set("DateUpdated", "2001-01-01T00:00:00Z") }},
		"the attributes of a participant":               {"Participants", "attributes", digits},
		"the role of a participant":                     {"Participants", "role_sid", without("RoleSid")},
		"the date of a participant":                     {"Participants", "date_created", without("DateCreated")},
		"the name of a user":                            {"Users", "friendly_name", trimmed},
		"the attributes of a user":                      {"Users", "attributes", put("Attributes", `"n"`, `"m"`)},
		"the role of a user":                            {"Users", "role_sid", without("RoleSid")},
		"the name of a role":                            {"Roles", "friendly_name", trimmed},
		"the permissions of a role":                     {"Roles", "permissions", func(f url.Values) { f["Permission"] = f["Permission"][:1] }},
	} {
		t.Run(name+" stops what it is of, in every run, and leaves no more behind", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := rig.NewRig(t, emulator.Config{Intercept: stores(c.collection, c.alter)})
				var made []int
				for range 3 {
					s, err := r.TryFrom(t, spaced(t))
					said := ""
					if c.collection == "Roles" {
						require.Error(t, err)
						said = err.Error() + migrate.HintOf(err)
					} else {
						require.NoError(t, err)
						require.Equal(t, migrate.Partial, s.Status)
						for _, f := range s.Failures {
							said += f.Reason + f.Hint
						}
					}
					require.Contains(t, said, string(mapping.StoredOtherwise))
					require.Contains(t, said, c.field)
					require.Contains(t, said, "--policy "+string(mapping.StoredOtherwise))
					if c.field != "date_updated" { // which is written last
						require.Zero(t, s.Counts[migrate.KindMessages].Written)
					}
					require.NotZero(t, rig.TimesFound(s.ThisRun)[mapping.StoredOtherwise])
					made = append(made, strings.Count(r.State(t), `"sid"`))
				}
				require.Equal(t, made[0], made[2])

				r.Settings.Mapper.Policy = mapping.Policy{mapping.StoredOtherwise: "keep"}
				s, err := r.TryFrom(t, spaced(t))
				require.NoError(t, err)
				require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
				require.NotZero(t, rig.TimesFound(s.ThisRun)[mapping.StoredOtherwise])
				m := rig.In(r, s.Services[0].TargetSID)
				require.Len(t, m.ConversationsIn(t), 1)
				require.Len(t, r.BodiesIn(t, m.Service, rig.SidOf("CH", 0)), 4)
				state := r.State(t)
				s, err = r.TryFrom(t, spaced(t))
				require.NoError(t, err)
				require.EqualValues(t, rig.ClaimWrites, s.Requests.Writes)
				require.True(t, state == r.State(t), "nothing changes any more")
			})
		})
	}
}

func trims(in url.Values) {
	for _, field := range []string{"FriendlyName", "UniqueName"} {
		if in.Has(field) {
			in.Set(field, strings.TrimSpace(in.Get(field)))
		}
	}
}

// changed is an archive in which something in the list of channels is otherwise.
func changed(t *testing.T, in fs.FS, from, to string) fs.FS {
	return rig.WithFile(t, in, "services/"+rig.ScenarioService+"/channels.jsonl", func(s string) string {
		require.Contains(t, s, from)
		return strings.ReplaceAll(strings.ReplaceAll(s, from, to), `"date_updated":"1999-03`, `"date_updated":"1999-04`)
	})
}

func TestAConversationThatIsStoredOtherwise(t *testing.T) {
	begin := func(t *testing.T) (*rig.Rig, *rig.Mutant) {
		r := rig.NewRig(t, emulator.Config{Intercept: stores("Conversations", trims)})
		s, err := r.TryFrom(t, spaced(t))
		require.NoError(t, err)
		require.Equal(t, migrate.Partial, s.Status)
		m := rig.In(r, s.Services[0].TargetSID)
		require.Len(t, m.ConversationsIn(t), 1)
		return r, m
	}
	finish := func(t *testing.T, r *rig.Rig, m *rig.Mutant, from fs.FS) {
		s, err := r.TryFrom(t, from)
		require.NoError(t, err)
		require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
		require.Equal(t, m.Service, s.Services[0].TargetSID)
		require.Len(t, m.ConversationsIn(t), 1)
		require.Len(t, r.BodiesIn(t, m.Service, rig.SidOf("CH", 0)), 4)
	}

	t.Run("is the one that is used, if the source is changed so that it can be stored", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r, m := begin(t)
			before := m.ConversationsIn(t)
			finish(t, r, m, changed(t, spaced(t), `"Channel 0 "`, `"Channel 0"`))
			require.Equal(t, before, m.ConversationsIn(t))
		})
	})
	t.Run("stops again if the source is changed, and that cannot be stored either", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r, m := begin(t)
			for range 2 {
				s, err := r.TryFrom(t, changed(t, spaced(t), `"Channel 0 "`, `" Channel zero"`))
				require.NoError(t, err)
				require.Equal(t, migrate.Partial, s.Status)
				require.Contains(t, s.Failures[0].Reason, "Channel zero")
			}
			for _, c := range m.ConversationsOf(t, m.Service)[rig.SidOf("CH", 0)] {
				require.Equal(t, "Channel zero", c.FriendlyName)
			}
		})
	})
	t.Run("is made anew if somebody deleted it", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r, m := begin(t)
			for sid := range m.ConversationsIn(t) {
				require.NoError(t, m.Target.DeleteConversation(t.Context(), m.Service, sid))
			}
			finish(t, r, m, changed(t, spaced(t), `"Channel 0 "`, `"Channel 0"`))
		})
	})
	t.Run("is found and said again by a new ledger", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r, m := begin(t)
			r.Settings.ToService = m.Service
			r.Ledger += ".new"
			s, err := r.TryFrom(t, spaced(t))
			require.NoError(t, err)
			require.Len(t, s.Failures, 1)
			require.Contains(t, s.Failures[0].Reason, string(mapping.StoredOtherwise))
			require.Len(t, m.ConversationsIn(t), 1)
			r.Settings.Mapper.Policy = mapping.Policy{mapping.StoredOtherwise: "keep"}
			r.Ledger += ".new"
			finish(t, r, m, spaced(t))
		})
	})
	t.Run("after a change of the source stops in every run, until a policy lets it pass", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Intercept: stores("Conversations", trims)})
			s, err := r.TryFrom(t, rig.ManyChannels(1).Archive())
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status)
			m := rig.In(r, s.Services[0].TargetSID)
			later := changed(t, rig.ManyChannels(1).Archive(), `"Channel 0"`, `"Later "`)
			for range 2 {
				s, err = r.TryFrom(t, later)
				require.NoError(t, err)
				require.Len(t, s.Failures, 1)
				require.Contains(t, s.Failures[0].Reason, string(mapping.StoredOtherwise))
				require.Contains(t, s.Failures[0].Reason, "friendly_name")
			}
			r.Settings.Mapper.Policy = mapping.Policy{mapping.StoredOtherwise: "keep"}
			finish(t, r, m, later)
			s, err = r.TryFrom(t, later)
			require.NoError(t, err)
			require.EqualValues(t, rig.ClaimWrites, s.Requests.Writes)
		})
	})
}

// A target that trims names and loses the answers to every create: each is
// recognized all the same.
func TestNamesThatAreStoredOtherwiseAreRecognized(t *testing.T) {
	for name, noStamp := range map[string]bool{"with": false, "without": true} {
		for what, unique := range map[string]string{"": "", " and a unique name": `"unique_name":" u ",`} {
			t.Run(name+" a stamp"+what, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					trim := stores("Conversations", trims)
					r := rig.NewRig(t, emulator.Config{Intercept: func(w http.ResponseWriter, req *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
						if last := x.Path[len(x.Path)-1]; x.Write() && last == "Conversations" && x.Form.Get("UniqueName") != migrate.ClaimName {
							trims(x.Form)
							commit()
							panic(http.ErrAbortHandler)
						}
						trim(w, req, x, commit)
					}})
					r.Settings.Mapper.NoStamp = noStamp
					r.Settings.Mapper.Policy = mapping.Policy{mapping.StoredOtherwise: "keep"}
					s, err := r.TryFrom(t, changed(t, spaced(t), `"friendly_name"`, unique+`"friendly_name"`))
					require.NoError(t, err)
					require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
					require.NotZero(t, rig.TimesFound(s.ThisRun)[mapping.StoredOtherwise])
					n := 0
					for _, err := range migrate.WithoutClaim(rig.In(r, "").Target).Conversations(t.Context(), s.Services[0].TargetSID) {
						require.NoError(t, err)
						n++
					}
					require.Equal(t, 1, n)
				})
			})
		}
	}
	t.Run("of roles and users, under a new ledger", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Unkind: emulator.Unkind{Trim: true}})
			r.Settings.Mapper.Policy = mapping.Policy{mapping.StoredOtherwise: "keep"}
			s, err := r.TryFrom(t, spaced(t))
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
			r.Ledger += ".new"
			s, err = r.TryFrom(t, spaced(t))
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
			m := rig.In(r, s.Services[0].TargetSID)
			require.Len(t, m.RolesNamed(t, "Reader"), 1)
			require.Len(t, m.ConversationsIn(t), 1)
		})
	})
}

// What a policy replaced in a service in use comes back, though the target stored
// the new values otherwise.
func TestUndoOfWhatIsStoredOtherwise(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		alter := func(form url.Values) {
			trims(form)
			if len(form["Permission"]) == 1 {
				form.Add("Permission", "sendMediaMessage")
			}
		}
		spoilt := false
		users, roles := stores("Users", alter), stores("Roles", alter)
		l := rig.InUse(t, emulator.Config{Archive: spaced(t), Intercept: func(w http.ResponseWriter, req *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
			switch {
			case spoilt && strings.Contains(req.URL.Path, "/Roles"):
				roles(w, req, x, commit)
			case spoilt:
				users(w, req, x, commit)
			default:
				commit().WriteTo(w)
			}
		}})
		before := l.State(t)
		l.Settings.Mapper.Policy = mapping.Policy{mapping.UserWasThere: "replace", mapping.RoleWasThere: "replace"}
		spoilt = true
		for _, c := range []mapping.Choice{"stop", "stop", "keep", "keep"} {
			l.Settings.Mapper.Policy[mapping.StoredOtherwise] = c
			_, _ = l.TryFrom(t, spaced(t))
		}
		require.Equal(t, "User 0", l.User(t, rig.IdentityOf(0)).FriendlyName)
		spoilt = false
		_, all, err := l.Undo(t.Context(), true)
		require.NoError(t, err)
		require.True(t, before == l.State(t), "%+v", all)
	})
}
