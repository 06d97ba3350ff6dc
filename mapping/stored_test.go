package mapping_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/mapping/conversations"
)

// differ requires a difference in exactly the field that was changed, and none if
// that field was not sent.
func differ[T mapping.Stored](t *testing.T, sent T, changes map[string]func(*T), unsent map[string]func(*T)) {
	t.Helper()
	require.Empty(t, mapping.Differences(sent, sent))
	for field, change := range changes {
		stored := sent
		change(&stored)
		require.Regexp(t, "^ "+field+" \\S+( \\S+)* as ", mapping.Differences(sent, stored), field)
		if unset, ok := unsent[field]; ok {
			asked := sent
			unset(&asked)
			require.Empty(t, mapping.Differences(asked, stored), "%s was not sent", field)
		}
	}
}

func TestDifferences(t *testing.T) {
	at := time.Date(2017, 3, 1, 10, 0, 0, 0, time.UTC)
	t.Run("of a conversation", func(t *testing.T) {
		type c = conversations.Conversation
		differ(t, c{FriendlyName: "n ", UniqueName: "u", Attributes: `{"a":9007199254740993}`, DateCreated: at, DateUpdated: at}, map[string]func(*c){
			"friendly_name": func(v *c) { v.FriendlyName = "n" },
			"unique_name":   func(v *c) { v.UniqueName = "" },
			"attributes":    func(v *c) { v.Attributes = `{"a":9007199254740992}` },
			"date_created":  func(v *c) { v.DateCreated = at.Add(time.Second) },
			"date_updated":  func(v *c) { v.DateUpdated = time.Time{} },
		}, map[string]func(*c){
			"friendly_name": func(v *c) { v.FriendlyName = "" },
			"unique_name":   func(v *c) { v.UniqueName = "" },
			"attributes":    func(v *c) { v.Attributes = "" },
			"date_created":  func(v *c) { v.DateCreated = time.Time{} },
			"date_updated":  func(v *c) { v.DateUpdated = time.Time{} },
		})
	})
	t.Run("of a participant", func(t *testing.T) {
		type p = conversations.Participant
		differ(t, p{Identity: "ann", RoleSID: "RL1", Attributes: `{"a":1}`, DateCreated: at, DateUpdated: at}, map[string]func(*p){
			"identity":     func(v *p) { v.Identity = "Ann" },
			"role_sid":     func(v *p) { v.RoleSID = "RL2" },
			"attributes":   func(v *p) { v.Attributes = `{}` },
			"date_created": func(v *p) { v.DateCreated = at.Add(time.Second) },
			"date_updated": func(v *p) { v.DateUpdated = at.Add(time.Second) },
		}, map[string]func(*p){"role_sid": func(v *p) { v.RoleSID = "" }, "attributes": func(v *p) { v.Attributes = "" }})
	})
	t.Run("of a user", func(t *testing.T) {
		type u = conversations.User
		differ(t, u{Identity: "ann", FriendlyName: "Ann ", RoleSID: "RL1", Attributes: `{"a":1}`}, map[string]func(*u){
			"identity":      func(v *u) { v.Identity = "Ann" },
			"friendly_name": func(v *u) { v.FriendlyName = "Ann" },
			"role_sid":      func(v *u) { v.RoleSID = "RL2" },
			"attributes":    func(v *u) { v.Attributes = `{}` },
		}, map[string]func(*u){"role_sid": func(v *u) { v.RoleSID = "" }, "friendly_name": func(v *u) { v.FriendlyName = "" }})
	})
	t.Run("of a role", func(t *testing.T) {
		type r = conversations.Role
		differ(t, r{FriendlyName: "Reader ", Type: conversations.ServiceRole, Permissions: []string{"a", "b"}}, map[string]func(*r){
			"friendly_name": func(v *r) { v.FriendlyName = "Reader" },
			"type":          func(v *r) { v.Type = conversations.ConversationRole },
			"permissions":   func(v *r) { v.Permissions = []string{"a"} },
		}, nil)
		require.Empty(t, mapping.Differences(r{Permissions: []string{"a", "b"}}, r{Permissions: []string{"b", "a", "a"}}))
	})
	t.Run("of a service", func(t *testing.T) {
		type s = conversations.Service
		differ(t, s{FriendlyName: "chat "}, map[string]func(*s){"friendly_name": func(v *s) { v.FriendlyName = "chat" }}, nil)
	})
	t.Run("of a message, what it says", func(t *testing.T) {
		type m = conversations.Message
		differ(t, m{Body: " one", Attributes: `{"a":1}`}, map[string]func(*m){
			"body":       func(v *m) { v.Body = "one" },
			"attributes": func(v *m) { v.Attributes = "{}" },
		}, nil)
		require.NotEmpty(t, mapping.Differences(m{}, m{Body: "x"}))
		require.NotEmpty(t, mapping.Differences(m{}, m{Attributes: `{"a":1}`}))
		require.Empty(t, mapping.Differences(m{}, m{Attributes: "{}"}))
	})
}
