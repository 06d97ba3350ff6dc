package twilio

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
)

func TestWhatIsThereIsBroughtToWhatIsAsked(t *testing.T) {
	// there answers a create with exists, and reads and updates with record.
	there := func(t *testing.T, code int, record string) *stub {
		return serve(t, func(r seen) (int, string) {
			if r.Method == "POST" && (strings.HasSuffix(r.Path, "/Users") || strings.HasSuffix(r.Path, "/Participants")) {
				return refusal(409, code)
			}
			return 200, record
		})
	}
	last := func(s *stub) seen { all := s.requests(); return all[len(all)-1] }

	const user = `{"sid": "US1", "identity": "ann", "friendly_name": "Ann", "attributes": "{\"a\": 1, \"b\": 2}", "role_sid": "RL1"}`
	for name, ask := range map[string]conversations.User{
		"the same user":            {FriendlyName: "Ann", Attributes: `{"b":2,"a":1}`, RoleSID: "RL1"},
		"a user with another name": {FriendlyName: "Anna", RoleSID: "RL2"},
	} {
		t.Run(name+" is returned and left as it is", func(t *testing.T) {
			s := there(t, 50201, user)
			ask.Identity = "ann"
			got, change, err := s.target(t).EnsureUser(t.Context(), service, ask)
			require.NoError(t, err)
			require.Equal(t, migrate.Unchanged, change)
			require.Equal(t, conversations.User{SID: "US1", Identity: "ann", FriendlyName: "Ann", Attributes: `{"a": 1, "b": 2}`, RoleSID: "RL1"}, got)
			require.Len(t, s.requests(), 2)
			require.Equal(t, "GET "+svcPath+"/Users/ann", last(s).uri())
		})
	}
	for name, lost := range map[string]int{"no answer": 500, "202": 202} {
		t.Run("a user who is there after a create with "+name+" may be ours", func(t *testing.T) {
			posts := 0
			s := serve(t, func(r seen) (int, string) {
				if r.Method != "POST" {
					return 200, user
				}
				if posts++; posts == 1 {
					return lost, ""
				}
				return refusal(409, 50201)
			})
			got, change, err := s.target(t).EnsureUser(t.Context(), service, conversations.User{Identity: "ann"})
			require.NoError(t, err)
			require.Equal(t, migrate.Unconfirmed, change)
			require.Equal(t, "US1", got.SID)
		})
	}

	const participant = `{"sid": "MB1", "identity": "ann", "role_sid": "RL1", "attributes": "{}", "date_created": "2016-02-29T12:00:00Z", "date_updated": "2017-01-01T00:00:00Z"}`
	for name, c := range map[string]struct {
		ask    conversations.Participant
		change migrate.Change
		form   url.Values
	}{
		"the same participant": {conversations.Participant{RoleSID: "RL1", Attributes: "{}", DateCreated: created.Add(time.Millisecond), DateUpdated: updated}, migrate.Unchanged, url.Values{}},
		"a participant with another role": {conversations.Participant{RoleSID: "RL2", DateCreated: created, DateUpdated: updated}, migrate.Updated,
			url.Values{"RoleSid": {"RL2"}, "DateUpdated": {"2017-01-01T00:00:00Z"}}},
		"a participant created at another time": {conversations.Participant{DateCreated: updated, DateUpdated: updated}, migrate.Updated,
			url.Values{"DateCreated": {"2017-01-01T00:00:00Z"}, "DateUpdated": {"2017-01-01T00:00:00Z"}}},
		"a participant whose date moved": {conversations.Participant{DateUpdated: created}, migrate.Updated,
			url.Values{"DateUpdated": {"2016-02-29T12:00:00Z"}}},
	} {
		t.Run(name, func(t *testing.T) {
			s := there(t, 50433, participant)
			c.ask.Identity = "ann"
			got, change, err := s.target(t).EnsureParticipant(t.Context(), service, channel, c.ask, nil)
			require.NoError(t, err)
			require.Equal(t, c.change, change)
			require.Equal(t, "MB1", got.SID)
			require.Equal(t, "GET "+convPath+"/Participants/ann", s.requests()[1].uri())
			if c.change == migrate.Updated {
				require.Equal(t, "POST "+convPath+"/Participants/MB1", last(s).uri())
			}
			require.Equal(t, c.form, last(s).Form)
		})
	}

	for _, address := range []string{"someone else", "nobody"} {
		t.Run("found in the list where the address leads to "+address, func(t *testing.T) {
			const identity = "US00000000000000000000000000000009"
			s := serve(t, func(r seen) (int, string) {
				switch {
				case r.Method == "POST" && strings.HasSuffix(r.Path, "/Users"):
					return refusal(409, 50201)
				case r.Method == "POST" && strings.HasSuffix(r.Path, "/Participants"):
					return refusal(409, 50433)
				case r.Query != "" && strings.HasSuffix(r.Path, "/Users"):
					return 200, list("users", "", `{"sid": "US1", "identity": "x"}`, `{"sid": "US2", "identity": "`+identity+`"}`)
				case r.Query != "":
					return 200, list("participants", "", `{"sid": "MB1", "identity": "x"}`, `{"sid": "MB2", "identity": "`+identity+`"}`)
				case address == "nobody":
					return refusal(404, 20404)
				}
				return 200, `{"sid": "XX9", "identity": "someone else"}`
			})
			u, _, err := s.target(t).EnsureUser(t.Context(), service, conversations.User{Identity: identity})
			require.NoError(t, err)
			require.Equal(t, "US2", u.SID)
			p, _, err := s.target(t).EnsureParticipant(t.Context(), service, channel, conversations.Participant{Identity: identity}, nil)
			require.NoError(t, err)
			require.Equal(t, "MB2", p.SID)
		})
	}
	t.Run("an error where it exists and cannot be found", func(t *testing.T) {
		s := serve(t, func(r seen) (int, string) {
			switch {
			case r.Method == "POST":
				return refusal(409, 50201)
			case r.Query != "":
				return 200, list("users", "")
			}
			return refusal(404, 20404)
		})
		_, _, err := s.target(t).EnsureUser(t.Context(), service, conversations.User{Identity: "ann"})
		require.Equal(t, migrate.Unavailable, migrate.KindOf(err))
	})
}

func TestAppendRoleAfterALostReply(t *testing.T) {
	t.Run("is not repeated, since a service takes two roles of one name", func(t *testing.T) {
		posts := 0
		s := serve(t, func(seen) (int, string) {
			posts++
			return 500, ""
		})
		_, err := s.target(t).AppendRole(t.Context(), service, conversations.Role{FriendlyName: "agent", Type: "service", Permissions: []string{"a"}})
		require.Equal(t, migrate.InDoubt, migrate.KindOf(err))
		require.Equal(t, 1, posts)
	})
}

// Twilio answers 404 (20404) to the create of some participants whom it created
// all the same.
func TestAParticipantThatTheServiceDeniesIsLookedFor(t *testing.T) {
	const ann = `{"sid": "MB1", "identity": "ann", "role_sid": "RL1", "date_created": "2016-02-29T12:00:00Z", "date_updated": "2017-01-01T00:00:00Z"}`
	ask := conversations.Participant{Identity: "ann", RoleSID: "RL1", DateCreated: created, DateUpdated: updated}
	for name, status := range map[string]int{"404": 404, "202 without end": 202} {
		// deny answers creates so, and reads with what is there.
		deny := func(t *testing.T, there answers) *stub {
			return serve(t, func(r seen) (int, string) {
				if r.Method == "POST" && (strings.HasSuffix(r.Path, "/Participants") || strings.HasSuffix(r.Path, "/Users")) {
					return status, `{"code": 20404, "resource_url": "/v1/x"}`
				}
				return there(r)
			})
		}
		t.Run(name+", and is there", func(t *testing.T) {
			s := deny(t, func(seen) (int, string) { return 200, ann })
			got, change, err := s.target(t).EnsureParticipant(t.Context(), service, channel, ask, nil)
			require.NoError(t, err)
			require.Equal(t, "MB1", got.SID)
			require.Equal(t, migrate.Created, change, "whoever was there before is answered with 409")
		})
		t.Run(name+", and is there otherwise", func(t *testing.T) {
			s := deny(t, func(seen) (int, string) { return 200, strings.ReplaceAll(ann, "RL1", "RL2") })
			_, change, err := s.target(t).EnsureParticipant(t.Context(), service, channel, ask, nil)
			require.NoError(t, err)
			require.Equal(t, migrate.Created, change)
			all := s.requests()
			require.Equal(t, "POST "+convPath+"/Participants/MB1", all[len(all)-1].uri())
			require.Equal(t, "RL1", all[len(all)-1].Form.Get("RoleSid"))
		})
		kind := map[int]migrate.Kind{404: migrate.NotFound, 202: migrate.InDoubt}[status]
		t.Run(name+", and is not there", func(t *testing.T) {
			s := deny(t, func(r seen) (int, string) {
				if r.Query != "" {
					return 200, list("participants", "", `{"sid": "MB2", "identity": "bob"}`)
				}
				return refusal(404, 20404)
			})
			_, _, err := s.target(t).EnsureParticipant(t.Context(), service, channel, ask, nil)
			require.Equal(t, kind, migrate.KindOf(err))
			require.ErrorContains(t, err, "create participant")
		})
		t.Run(name+", and neither is the conversation", func(t *testing.T) {
			s := deny(t, func(seen) (int, string) { return refusal(404, 20404) })
			_, _, err := s.target(t).EnsureParticipant(t.Context(), service, channel, ask, nil)
			require.Equal(t, kind, migrate.KindOf(err))
			require.ErrorContains(t, err, "create participant")
		})
		t.Run(name+", and cannot be looked for", func(t *testing.T) {
			s := deny(t, func(seen) (int, string) { return 500, "" })
			_, _, err := s.target(t).EnsureParticipant(t.Context(), service, channel, ask, nil)
			require.Equal(t, migrate.Unavailable, migrate.KindOf(err))
		})
		t.Run(name+", for a user", func(t *testing.T) {
			s := deny(t, func(seen) (int, string) { return 200, `{"sid": "US1", "identity": "ann"}` })
			_, _, err := s.target(t).EnsureUser(t.Context(), service, conversations.User{Identity: "ann"})
			if status == 404 {
				require.Equal(t, migrate.NotFound, migrate.KindOf(err), "the service is gone")
				return
			}
			require.NoError(t, err)
		})
	}
}

// Whoever is there, however that was found out, is left as they are if keep says so.
func TestKeptParticipant(t *testing.T) {
	const there = `{"sid": "MB1", "identity": "ann", "role_sid": "RL9", "attributes": "{}"}`
	for name, answer := range map[string]func() (int, string){
		"said to be there":      func() (int, string) { return refusal(409, 50433) },
		"not found, it is said": func() (int, string) { return refusal(404, 20404) },
	} {
		for _, kept := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, kept: %v", name, kept), func(t *testing.T) {
				s := serve(t, func(r seen) (int, string) {
					if r.Method == "POST" && strings.HasSuffix(r.Path, "/Participants") {
						return answer()
					}
					return 200, there
				})
				var asked conversations.Participant
				got, _, err := s.target(t).EnsureParticipant(t.Context(), service, channel, conversations.Participant{Identity: "ann", RoleSID: "RL1"}, func(p conversations.Participant) bool {
					asked = p
					return kept
				})
				require.NoError(t, err)
				require.Equal(t, "MB1", got.SID)
				require.Equal(t, "RL9", asked.RoleSID)
				all := s.requests()
				require.Equal(t, kept, all[len(all)-1].Method == "GET", "nothing is written after the look")
			})
		}
	}
}
