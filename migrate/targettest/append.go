package targettest

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
)

// testAppends requires that each Append adds one, and says how it was stored.
func testAppends(t *testing.T, r *room) {
	ask := conversations.Message{Author: "gone", Body: "a&b=c\n😀", Attributes: `{"n":9007199254740993}`, DateCreated: created, DateUpdated: updated}
	var all []conversations.Message
	for range 2 {
		m, err := r.Target.AppendMessage(r.ctx, r.service, r.sid, ask)
		require.NoError(t, err)
		want := ask
		want.SID, want.Index = m.SID, m.Index
		require.Equal(t, want, m)
		all = append(all, m)
	}
	require.NotEqual(t, all[0].SID, all[1].SID)
	require.Equal(t, all, r.messages(t))

	role := conversations.Role{FriendlyName: "agent", Type: conversations.ServiceRole, Permissions: []string{"joinConversation"}}
	first, err := r.Target.AppendRole(r.ctx, r.service, role)
	require.NoError(t, err)
	second, err := r.Target.AppendRole(r.ctx, r.service, role)
	require.NoError(t, err, "a service takes two of the same type and name")
	require.NotEqual(t, first.SID, second.SID)

	for _, ask := range []conversations.ConversationWebhook{
		{Target: "webhook", URL: "https://a.test/?a=b&c", Method: "get", Filters: []string{"onMessageAdded", "onParticipantAdded"}},
		{Target: "trigger", URL: "https://a.test", Method: "post", Triggers: []string{"help", "a,b"}},
		{Target: "studio", FlowSID: "FW00000000000000000000000000000001", Filters: []string{"onMessageAdded"}},
	} {
		w, err := r.Target.AppendWebhook(r.ctx, r.service, r.sid, ask)
		require.NoError(t, err)
		require.True(t, mapping.SameWebhook(ask, w), "%+v", w)
		hooks := collect(t, r.Target.Webhooks(r.ctx, r.service, r.sid))
		require.Equal(t, w, hooks[len(hooks)-1])
	}

	ask2 := conversations.Conversation{FriendlyName: "Old", UniqueName: "old", Attributes: `{"a":1}`, DateCreated: created, DateUpdated: updated}
	c, err := r.Target.AppendConversation(r.ctx, r.service, ask2)
	require.NoError(t, err)
	got, err := r.Target.Conversation(r.ctx, r.service, c.SID)
	require.NoError(t, err)
	require.Equal(t, c, got)
	require.Equal(t, created, c.DateCreated)
	require.Equal(t, updated, c.DateUpdated)
}

func testExists(t *testing.T, r *room) {
	_, err := r.Target.AppendConversation(r.ctx, r.service, conversations.Conversation{UniqueName: "room/1"})
	requireKind(t, migrate.Exists, err)
	require.Len(t, collect(t, r.Target.Conversations(r.ctx, r.service)), 1)
}

func testRefused(t *testing.T, r *room) {
	for name, m := range map[string]conversations.Message{
		"a body beyond any limit":     {Body: strings.Repeat("x", 1<<20)},
		"attributes beyond any limit": {Body: "x", Attributes: `{"a":"` + strings.Repeat("x", 1<<20) + `"}`},
		"attributes that are no JSON": {Body: "x", Attributes: "no"},
	} {
		_, err := r.Target.AppendMessage(r.ctx, r.service, r.sid, m)
		requireKind(t, migrate.Refused, err)
		require.NotContains(t, err.Error(), "xxx", name)
	}
	_, err := r.Target.AppendRole(r.ctx, r.service, conversations.Role{FriendlyName: "odd", Type: conversations.ServiceRole, Permissions: []string{"fly"}})
	requireKind(t, migrate.Refused, err)
	require.Empty(t, r.messages(t))
}

func testNotFound(t *testing.T, r *room) {
	const service, conversation, unknown = "IS0000000000000000000000000000dead", "CH0000000000000000000000000000dead", "US0000000000000000000000000000dead"
	for name, records := range sequences(r.ctx, r.Target, service, r.sid, "bob") {
		if name != "Services" {
			all, err := walk(t, records)
			require.Empty(t, all, name)
			requireKind(t, migrate.NotFound, err)
		}
	}
	for name, records := range sequences(r.ctx, r.Target, r.service, conversation, unknown) {
		switch name {
		case "Participants", "Messages", "MessagesNewest", "UserConversations":
			all, err := walk(t, records)
			require.Empty(t, all, name)
			requireKind(t, migrate.NotFound, err)
		}
	}
	_, err := r.Target.Conversation(r.ctx, r.service, conversation)
	requireKind(t, migrate.NotFound, err)
	_, err = r.Target.AppendMessage(r.ctx, r.service, conversation, conversations.Message{Body: "x"})
	requireKind(t, migrate.NotFound, err)
	_, err = r.Target.Configuration(r.ctx, service)
	requireKind(t, migrate.NotFound, err)
	requireKind(t, migrate.NotFound, r.Target.SetConversation(r.ctx, r.service, conversations.Conversation{SID: conversation, FriendlyName: "x"}))
	requireKind(t, migrate.NotFound, r.Target.SetMessage(r.ctx, r.service, r.sid, conversations.Message{SID: "IM0000000000000000000000000000dead", Body: "x"}))
}

// testLost requires the truth of an Append that nobody answered: what may have
// landed is InDoubt, and what was not sent is not.
func testLost(t *testing.T, r *room) {
	appends := map[string]func() error{
		"service": func() error {
			_, err := r.Target.AppendService(r.ctx, conversations.Service{FriendlyName: "x"})
			return err
		},
		"role": func() error {
			_, err := r.Target.AppendRole(r.ctx, r.service, conversations.Role{FriendlyName: "x", Type: conversations.ServiceRole, Permissions: []string{"joinConversation"}})
			return err
		},
		"conversation": func() error {
			_, err := r.Target.AppendConversation(r.ctx, r.service, conversations.Conversation{})
			return err
		},
		"message": func() error {
			_, err := r.Target.AppendMessage(r.ctx, r.service, r.sid, conversations.Message{Body: "x"})
			return err
		},
	}
	count := func(name string) int {
		return len(collect(t, sequences(r.ctx, r.Target, r.service, r.sid, "bob")[map[string]string{
			"service": "Services", "role": "Roles", "conversation": "Conversations", "message": "Messages",
		}[name]]))
	}
	for name, add := range appends {
		before := count(name)
		r.Break(Never)
		requireKind(t, migrate.InDoubt, add())
		require.Equal(t, before, count(name), name)
		r.Break(Down)
		requireKind(t, migrate.Unavailable, add())
		require.Equal(t, before, count(name), name)
		r.Break(Lost)
		requireKind(t, migrate.InDoubt, add())
		require.Equal(t, before+1, count(name), "%s: once, and not once for each attempt", name)
		r.Break(None)
	}
	for fault, want := range map[Fault]migrate.Kind{Lost: migrate.Unavailable, Never: migrate.Unavailable, Down: migrate.Unavailable} {
		r.Break(fault)
		requireKind(t, want, r.Target.SetConversation(r.ctx, r.service, conversations.Conversation{SID: r.sid, FriendlyName: "x"}))
	}
}

// testDeletes deletes everything twice: what is gone is no error.
func testDeletes(t *testing.T, r *room) {
	m := r.say(t, "x")
	u, _, err := r.Target.EnsureUser(r.ctx, r.service, conversations.User{Identity: "bob"})
	require.NoError(t, err)
	role, err := r.Target.AppendRole(r.ctx, r.service, conversations.Role{FriendlyName: "x", Type: conversations.ServiceRole, Permissions: []string{"joinConversation"}})
	require.NoError(t, err)
	for range 2 {
		require.NoError(t, r.Target.DeleteMessage(r.ctx, r.service, r.sid, m.SID))
		require.Empty(t, r.messages(t))
	}
	for range 2 {
		require.NoError(t, r.Target.DeleteUser(r.ctx, r.service, u.SID))
		require.Len(t, collect(t, r.Target.Users(r.ctx, r.service)), 1)
		require.Len(t, collect(t, r.Target.Participants(r.ctx, r.service, r.sid)), 1, "and from every conversation")
	}
	for range 2 {
		require.NoError(t, r.Target.DeleteRole(r.ctx, r.service, role.SID))
		require.NotContains(t, collect(t, r.Target.Roles(r.ctx, r.service)), role)
	}
	for range 2 {
		require.NoError(t, r.Target.DeleteConversation(r.ctx, r.service, r.sid))
		require.Empty(t, collect(t, r.Target.Conversations(r.ctx, r.service)))
	}
	require.NoError(t, r.Target.DeleteMessage(r.ctx, r.service, r.sid, m.SID), "nor with what it was in")
	for range 2 {
		require.NoError(t, r.Target.DeleteService(r.ctx, r.service))
		require.Empty(t, collect(t, r.Target.Services(r.ctx)))
	}
}
