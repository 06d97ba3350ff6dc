package twilio_test

import (
	"iter"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/oai"
	"chatbridge/migrate/transport"
	"chatbridge/migrate/twilio"
)

// Every method of Source and Target against the emulator, with every request
// and every reply held to Twilio's OpenAPI documents.

func connect(t *testing.T, h http.Handler) twilio.Config {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	base := transport.NewBase(8)
	t.Cleanup(base.CloseIdleConnections)
	return twilio.Config{
		BaseURL:  srv.URL,
		Username: emulator.DefaultAccountSID,
		Password: emulator.DefaultAuthToken,
		HTTP:     transport.New(transport.Options{Base: base}),
	}
}

func collect[T any](t *testing.T, seq iter.Seq2[T, error]) []T {
	t.Helper()
	var all []T
	for r, err := range seq {
		require.NoError(t, err)
		all = append(all, r)
	}
	return all
}

func TestTargetContract(t *testing.T) {
	e, err := emulator.New(emulator.Config{Seed: 1})
	require.NoError(t, err)
	checker := oai.Conversations(t)
	target, err := twilio.NewTarget(connect(t, checker.Wrap(e.Conversations())))
	require.NoError(t, err)
	ctx := t.Context()

	created := time.Date(2016, 2, 29, 12, 0, 0, 0, time.UTC)
	updated := created.Add(24 * time.Hour)

	service, err := target.AppendService(ctx, conversations.Service{FriendlyName: "Support Desk"})
	require.NoError(t, err)
	require.Contains(t, collect(t, target.Services(ctx)), service)
	sid := service.SID

	role, err := target.AppendRole(ctx, sid, conversations.Role{FriendlyName: "agent", Type: conversations.ServiceRole, Permissions: []string{"joinConversation"}})
	require.NoError(t, err)
	role.Permissions = []string{"createConversation", "joinConversation"}
	err = target.SetRole(ctx, sid, role)
	require.NoError(t, err)
	member, err := target.AppendRole(ctx, sid, conversations.Role{FriendlyName: "guest", Type: conversations.ConversationRole, Permissions: []string{"sendMessage"}})
	require.NoError(t, err)
	roles := collect(t, target.Roles(ctx, sid))
	require.Contains(t, roles, role)
	require.Contains(t, roles, member)

	user := conversations.User{Identity: "ann+a/b?c#d@example.com", FriendlyName: "Ann", Attributes: `{"a":1}`, RoleSID: role.SID}
	for _, want := range []migrate.Change{migrate.Created, migrate.Unchanged} {
		_, change, err := target.EnsureUser(ctx, sid, user)
		require.NoError(t, err)
		require.Equal(t, want, change)
	}
	user.FriendlyName = "Anna"
	there, change, err := target.EnsureUser(ctx, sid, user)
	require.NoError(t, err)
	require.Equal(t, migrate.Unchanged, change)
	user.SID = there.SID
	got, err := target.SetUser(ctx, sid, user)
	require.NoError(t, err)
	require.Equal(t, user, got)
	require.Contains(t, collect(t, target.Users(ctx, sid)), got)

	v := conversations.Conversation{FriendlyName: "Help", UniqueName: "help/1", Attributes: `{"n":9007199254740993}`, DateCreated: created, DateUpdated: updated}
	made, err := target.AppendConversation(ctx, sid, v)
	require.NoError(t, err)
	require.Equal(t, created, made.DateCreated)
	require.Equal(t, updated, made.DateUpdated)
	_, err = target.AppendConversation(ctx, sid, v)
	require.Equal(t, migrate.Exists, migrate.KindOf(err))
	byName, err := target.Conversation(ctx, sid, "help/1")
	require.NoError(t, err)
	require.Equal(t, made, byName)

	p := conversations.Participant{Identity: user.Identity, RoleSID: member.SID, DateCreated: created, DateUpdated: updated}
	for _, want := range []migrate.Change{migrate.Created, migrate.Unchanged} {
		_, change, err := target.EnsureParticipant(ctx, sid, made.SID, p, nil)
		require.NoError(t, err)
		require.Equal(t, want, change)
	}
	p.DateUpdated = updated.Add(time.Hour)
	participant, change, err := target.EnsureParticipant(ctx, sid, made.SID, p, nil)
	require.NoError(t, err)
	require.Equal(t, migrate.Updated, change)
	require.Equal(t, p.DateUpdated, participant.DateUpdated)

	var appended []conversations.Message
	for _, body := range []string{"one", "two", "three"} {
		m, err := target.AppendMessage(ctx, sid, made.SID, conversations.Message{Author: "gone", Body: body, Attributes: `{"a": 1}`, DateCreated: created})
		require.NoError(t, err)
		appended = append(appended, m)
	}
	require.Equal(t, appended, collect(t, target.Messages(ctx, sid, made.SID, false)))
	require.NoError(t, target.SetMessage(ctx, sid, made.SID, conversations.Message{SID: appended[0].SID, Body: "uno", DateUpdated: updated}))
	for range 2 {
		require.NoError(t, target.DeleteMessage(ctx, sid, made.SID, appended[2].SID))
	}
	newest := collect(t, target.Messages(ctx, sid, made.SID, true))
	require.Len(t, newest, 2)
	require.Equal(t, "two", newest[0].Body)
	require.Equal(t, "uno", newest[1].Body)
	require.Equal(t, updated, newest[1].DateUpdated)

	h := conversations.Horizon{LastReadMessageIndex: appended[0].Index, LastReadTimestamp: updated, DateUpdated: updated}
	require.NoError(t, target.SetHorizon(ctx, sid, made.SID, participant.SID, h))
	participants := collect(t, target.Participants(ctx, sid, made.SID))
	require.Len(t, participants, 1)
	require.Equal(t, appended[0].Index, *participants[0].LastReadMessageIndex)
	require.Equal(t, updated, participants[0].LastReadTimestamp)
	require.Equal(t, updated, participants[0].DateUpdated)

	require.NoError(t, target.SetConversation(ctx, sid, conversations.Conversation{SID: made.SID, FriendlyName: "Help desk", DateUpdated: updated}))
	all := collect(t, target.Conversations(ctx, sid))
	require.Len(t, all, 1)
	require.Equal(t, "Help desk", all[0].FriendlyName)
	require.Equal(t, updated, all[0].DateUpdated)

	settings := conversations.Configuration{DefaultChatServiceRoleSID: role.SID, DefaultConversationRoleSID: member.SID, DefaultConversationCreatorRoleSID: member.SID,
		ReachabilityEnabled: true,
		Notifications:       conversations.Notifications{NewMessage: conversations.Notification{Enabled: true, Template: "t", Sound: "s", BadgeCountEnabled: true}},
		Webhooks:            conversations.Webhooks{PostWebhookURL: "https://example.com/post", Method: "POST", Filters: []string{"onMessageAdded"}},
	}
	require.NoError(t, target.SetRoleDefaults(ctx, sid, settings))
	require.NoError(t, target.SetNotifications(ctx, sid, settings.Notifications))
	require.NoError(t, target.SetWebhooks(ctx, sid, settings.Webhooks))
	read, err := target.Configuration(ctx, sid)
	require.NoError(t, err)
	require.Equal(t, settings, read)
	require.NoError(t, target.SetNotifications(ctx, sid, conversations.Notifications{}))
	require.NoError(t, target.SetWebhooks(ctx, sid, conversations.Webhooks{}))
	read, err = target.Configuration(ctx, sid)
	require.NoError(t, err)
	require.True(t, read.Notifications.Off())
	require.True(t, read.Webhooks.Off())

	timers, err := target.Timers(ctx)
	require.NoError(t, err)
	require.Equal(t, migrate.Timers{}, timers)

	people := collect(t, target.Users(ctx, sid))
	require.NotEmpty(t, people)
	joined := 0
	for _, u := range people {
		for _, c := range collect(t, target.UserConversations(ctx, sid, u.SID)) {
			require.Equal(t, made.SID, c.ConversationSID)
			joined++
		}
	}
	require.Positive(t, joined)

	for range 2 {
		require.NoError(t, target.DeleteConversation(ctx, sid, made.SID))
	}
	_, err = target.Conversation(ctx, sid, made.SID)
	require.Equal(t, migrate.NotFound, migrate.KindOf(err))
	for range 2 {
		require.NoError(t, target.DeleteUser(ctx, sid, people[0].SID))
		require.NoError(t, target.DeleteRole(ctx, sid, role.SID))
	}
	require.Len(t, collect(t, target.Users(ctx, sid)), len(people)-1)
	for range 2 {
		require.NoError(t, target.DeleteService(ctx, sid))
	}
	_, err = target.Configuration(ctx, sid)
	require.Equal(t, migrate.NotFound, migrate.KindOf(err))

	const in = " /v1/Services/{ChatServiceSid}"
	require.Subset(t, checker.Seen(), []string{
		"GET /v1/Services", "POST /v1/Services", "GET /v1/Configuration",
		"GET" + in + "/Configuration", "POST" + in + "/Configuration",
		"GET" + in + "/Configuration/Notifications", "POST" + in + "/Configuration/Notifications",
		"GET" + in + "/Configuration/Webhooks", "POST" + in + "/Configuration/Webhooks",
		"GET" + in + "/Roles", "POST" + in + "/Roles", "POST" + in + "/Roles/{Sid}",
		"GET" + in + "/Users", "POST" + in + "/Users", "GET" + in + "/Users/{Sid}", "POST" + in + "/Users/{Sid}",
		"DELETE" + in + "/Users/{Sid}", "GET" + in + "/Users/{UserSid}/Conversations", "DELETE" + in + "/Roles/{Sid}", "DELETE /v1/Services/{Sid}",
		"GET" + in + "/Conversations", "POST" + in + "/Conversations",
		"GET" + in + "/Conversations/{Sid}", "POST" + in + "/Conversations/{Sid}", "DELETE" + in + "/Conversations/{Sid}",
		"GET" + in + "/Conversations/{ConversationSid}/Participants", "POST" + in + "/Conversations/{ConversationSid}/Participants",
		"GET" + in + "/Conversations/{ConversationSid}/Participants/{Sid}", "POST" + in + "/Conversations/{ConversationSid}/Participants/{Sid}",
		"GET" + in + "/Conversations/{ConversationSid}/Messages", "POST" + in + "/Conversations/{ConversationSid}/Messages",
		"POST" + in + "/Conversations/{ConversationSid}/Messages/{Sid}", "DELETE" + in + "/Conversations/{ConversationSid}/Messages/{Sid}",
	})
}
