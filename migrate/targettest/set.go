package targettest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
)

// testSets repeats every Set and requires the state that was asked for.
func testSets(t *testing.T, r *room) {
	m := r.say(t, "first")
	role, err := r.Target.AppendRole(r.ctx, r.service, conversations.Role{FriendlyName: "guest", Type: conversations.ConversationRole, Permissions: []string{"sendMessage"}})
	require.NoError(t, err)
	role.Permissions = []string{"leaveConversation", "sendMessage"}
	push := conversations.Notifications{NewMessage: conversations.Notification{Enabled: true, Template: "t", Sound: "s", BadgeCountEnabled: true}}
	hooks := conversations.Webhooks{PreWebhookURL: "https://example.com/pre", Method: "GET", Filters: []string{"onMessageAdd"}}
	before, err := r.Target.Configuration(r.ctx, r.service)
	require.NoError(t, err)
	defaults := before
	defaults.DefaultConversationRoleSID, defaults.ReachabilityEnabled = role.SID, true
	for range 3 {
		asked, stored := migrate.WithReply[conversations.Role](r.ctx)
		require.NoError(t, r.Target.SetRole(asked, r.service, role))
		reply, shown := stored()
		require.True(t, shown)
		require.Equal(t, role, reply)
		require.NoError(t, r.Target.SetRoleDefaults(r.ctx, r.service, defaults))
		require.NoError(t, r.Target.SetNotifications(r.ctx, r.service, push))
		require.NoError(t, r.Target.SetWebhooks(r.ctx, r.service, hooks))
		require.NoError(t, r.Target.SetHorizon(r.ctx, r.service, r.sid, r.bob.SID,
			conversations.Horizon{LastReadMessageIndex: m.Index, LastReadTimestamp: updated, DateUpdated: updated}))
		require.NoError(t, r.Target.SetNotificationLevel(r.ctx, r.service, "bob", r.sid, conversations.NotificationsMuted))

		require.Contains(t, collect(t, r.Target.Roles(r.ctx, r.service)), role)
		c, err := r.Target.Configuration(r.ctx, r.service)
		require.NoError(t, err)
		want := defaults
		want.Notifications, want.Webhooks = push, hooks
		require.Equal(t, want, c)
		for _, p := range collect(t, r.Target.Participants(r.ctx, r.service, r.sid)) {
			if p.SID == r.bob.SID {
				require.Equal(t, m.Index, *p.LastReadMessageIndex)
				require.Equal(t, updated, p.LastReadTimestamp)
				require.Equal(t, updated, p.DateUpdated)
			}
		}
		require.Equal(t, []conversations.UserConversation{{ConversationSID: r.sid, NotificationLevel: conversations.NotificationsMuted}},
			collect(t, r.Target.UserConversations(r.ctx, r.service, "bob")))
	}
	for range 2 {
		require.NoError(t, r.Target.SetWebhooks(r.ctx, r.service, conversations.Webhooks{}))
		c, err := r.Target.Configuration(r.ctx, r.service)
		require.NoError(t, err)
		require.True(t, c.Webhooks.Off(), "empty URLs remove them")
	}
}

func testSetUser(t *testing.T, r *room) {
	role, err := r.Target.AppendRole(r.ctx, r.service, conversations.Role{FriendlyName: "agent", Type: conversations.ServiceRole, Permissions: []string{"joinConversation"}})
	require.NoError(t, err)
	u, _, err := r.Target.EnsureUser(r.ctx, r.service, conversations.User{Identity: "eve", FriendlyName: "Eve", Attributes: `{"a":1}`})
	require.NoError(t, err)
	u.FriendlyName, u.Attributes, u.RoleSID = "", "{}", role.SID
	for _, asked := range []string{role.SID, role.SID, ""} {
		ask := u
		ask.RoleSID = asked
		got, err := r.Target.SetUser(r.ctx, r.service, ask)
		require.NoError(t, err)
		require.Equal(t, u, got)
		require.Contains(t, collect(t, r.Target.Users(r.ctx, r.service)), u)
	}
	r.Break(Lost)
	_, err = r.Target.SetUser(r.ctx, r.service, u)
	requireKind(t, migrate.Unavailable, err)
	r.Break(None)
	_, err = r.Target.SetUser(r.ctx, r.service, conversations.User{SID: "US0000000000000000000000000000dead"})
	requireKind(t, migrate.NotFound, err)
}

func testSetConversation(t *testing.T, r *room) {
	want := conversations.Conversation{SID: r.sid, FriendlyName: "Other", Attributes: `{"a":1}`, DateCreated: created, DateUpdated: updated}
	for _, next := range []conversations.Conversation{want, want, {SID: r.sid, DateUpdated: updated}} {
		asked, stored := migrate.WithReply[conversations.Conversation](r.ctx)
		require.NoError(t, r.Target.SetConversation(asked, r.service, next))
		reply, shown := stored()
		require.True(t, shown)
		require.Equal(t, updated, reply.DateUpdated)
		got, err := r.Target.Conversation(r.ctx, r.service, "room/1")
		require.NoError(t, err, "an empty name is left as it is")
		require.Equal(t, "Other", got.FriendlyName)
		require.Equal(t, `{"a":1}`, got.Attributes)
		require.Equal(t, created, got.DateCreated)
		require.Equal(t, updated, got.DateUpdated)
	}
}

func testSetMessage(t *testing.T, r *room) {
	m, other := r.say(t, "first"), r.say(t, "second")
	for range 3 {
		require.NoError(t, r.Target.SetMessage(r.ctx, r.service, r.sid, conversations.Message{SID: m.SID, Body: "edited", DateUpdated: updated}))
		want := m
		want.Body, want.DateUpdated = "edited", updated
		require.Equal(t, []conversations.Message{want, other}, r.messages(t))
	}
}

func testSetLimits(t *testing.T, r *room) {
	before, err := r.Target.Limits(r.ctx, r.service)
	require.NoError(t, err)
	for range 2 {
		require.NoError(t, r.Target.SetLimits(r.ctx, r.service, migrate.Limits{ChannelMembers: 150}))
		after, err := r.Target.Limits(r.ctx, r.service)
		require.NoError(t, err)
		require.Equal(t, migrate.Limits{ChannelMembers: 150, UserChannels: before.UserChannels}, after, "0 is left as it is")
	}
	for _, l := range []migrate.Limits{{ChannelMembers: migrate.MaxLimit + 1}, {UserChannels: migrate.MaxLimit + 1}} {
		require.Error(t, r.Target.SetLimits(r.ctx, r.service, l))
	}
}
