package twilio_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/oai"
	"chatbridge/migrate/twilio"
)

func TestUserConversationsContract(t *testing.T) {
	e, err := emulator.New(emulator.Config{Seed: 1})
	require.NoError(t, err)
	checker := oai.Conversations(t)
	target, err := twilio.NewTarget(connect(t, checker.Wrap(e.Conversations())))
	require.NoError(t, err)
	ctx := t.Context()

	service, err := target.AppendService(ctx, conversations.Service{FriendlyName: "Desk"})
	require.NoError(t, err)
	user, _, err := target.EnsureUser(ctx, service.SID, conversations.User{Identity: "ann"})
	require.NoError(t, err)
	var rooms []string
	for range 3 {
		room, err := target.AppendConversation(ctx, service.SID, conversations.Conversation{})
		require.NoError(t, err)
		rooms = append(rooms, room.SID)
	}
	for _, room := range rooms[:2] {
		_, _, err := target.EnsureParticipant(ctx, service.SID, room, conversations.Participant{Identity: user.Identity}, nil)
		require.NoError(t, err)
	}

	for range 2 {
		require.NoError(t, target.SetNotificationLevel(ctx, service.SID, user.SID, rooms[1], conversations.NotificationsMuted))
		require.Equal(t, []conversations.UserConversation{
			{ConversationSID: rooms[0], NotificationLevel: conversations.NotificationsDefault},
			{ConversationSID: rooms[1], NotificationLevel: conversations.NotificationsMuted},
		}, collect(t, target.UserConversations(ctx, service.SID, user.SID)))
	}
	require.NoError(t, target.SetNotificationLevel(ctx, service.SID, user.SID, rooms[1], conversations.NotificationsDefault))
	require.Equal(t, conversations.NotificationsDefault, collect(t, target.UserConversations(ctx, service.SID, user.SID))[1].NotificationLevel)

	err = target.SetNotificationLevel(ctx, service.SID, user.SID, rooms[2], conversations.NotificationsMuted)
	require.Equal(t, migrate.NotFound, migrate.KindOf(err))
	const in = " /v1/Services/{ChatServiceSid}/Users/{UserSid}/Conversations"
	require.Subset(t, checker.Seen(), []string{"GET" + in, "POST" + in + "/{ConversationSid}"})
}
