package twilio_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/chat"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/oai"
	"chatbridge/migrate/twilio"
)

// What a Target and a Promoter do beyond copying, held to the documents.

func TestLimitsContract(t *testing.T) {
	e, err := emulator.New(emulator.Config{Seed: 1})
	require.NoError(t, err)
	conv, chatHost := oai.Conversations(t), oai.Chat(t)
	c := connect(t, conv.Wrap(e.Conversations()))
	c.ChatURL = connect(t, chatHost.Wrap(e.Chat())).BaseURL
	target, err := twilio.NewTarget(c)
	require.NoError(t, err)
	ctx := t.Context()

	service, err := target.AppendService(ctx, conversations.Service{FriendlyName: "Desk"})
	require.NoError(t, err)
	room, err := target.AppendConversation(ctx, service.SID, conversations.Conversation{})
	require.NoError(t, err)
	join := func(i int) error {
		_, _, err := target.EnsureParticipant(ctx, service.SID, room.SID, conversations.Participant{Identity: fmt.Sprintf("p%d", i)}, nil)
		return err
	}
	for i := range emulator.DefaultParticipantLimit {
		require.NoError(t, join(i))
	}
	require.ErrorContains(t, join(100), "50417")
	require.NoError(t, target.SetLimits(ctx, service.SID, migrate.Limits{ChannelMembers: 101}))
	limits, err := target.Limits(ctx, service.SID)
	require.NoError(t, err)
	require.Equal(t, migrate.Limits{ChannelMembers: 101, UserChannels: 1000}, limits)
	require.NoError(t, join(100))
	require.ErrorContains(t, join(101), "50417")
	require.Equal(t, []string{"GET /v2/Services/{Sid}", "POST /v2/Services/{Sid}"}, chatHost.Seen())
}

func TestCredentialsContract(t *testing.T) {
	e, err := emulator.New(emulator.Config{Seed: 1})
	require.NoError(t, err)
	target, err := twilio.NewTarget(connect(t, oai.Conversations(t).Wrap(e.Conversations())))
	require.NoError(t, err)
	sids := map[string]bool{}
	for _, want := range []migrate.Change{migrate.Created, migrate.Unchanged} {
		for _, c := range []migrate.Credential{
			{FriendlyName: "phones", Type: "apn", Certificate: "c", PrivateKey: "k", Sandbox: true},
			{FriendlyName: "phones", Type: "fcm", Secret: "s"},
			{FriendlyName: "old phones", Type: "gcm", APIKey: "a"},
		} {
			made, change, err := target.EnsureCredential(t.Context(), c)
			require.NoError(t, err)
			require.Equal(t, want, change)
			require.Equal(t, c.FriendlyName, made.FriendlyName)
			require.Equal(t, c.Sandbox, made.Sandbox == "True")
			sids[made.SID] = true
		}
	}
	require.Len(t, sids, 3)
}

func TestPromoterContract(t *testing.T) {
	e, err := emulator.New(emulator.Config{Archive: os.DirFS("../../testdata/workspaces/support-desk"), Shared: true})
	require.NoError(t, err)
	checker := oai.Chat(t)
	c := connect(t, checker.Wrap(e.Chat()))
	promoter, err := twilio.NewPromoter(c)
	require.NoError(t, err)
	source, err := twilio.NewSource(c)
	require.NoError(t, err)
	target, err := twilio.NewTarget(connect(t, oai.Conversations(t).Wrap(e.Conversations())))
	require.NoError(t, err)
	ctx := t.Context()

	promoted := 0
	for _, s := range collect(t, source.Services(ctx)) {
		for _, ch := range collect(t, source.Channels(ctx, s.SID)) {
			if ch.Type == chat.PublicChannel {
				_, err := target.Conversation(ctx, s.SID, ch.SID)
				require.Equal(t, migrate.NotFound, migrate.KindOf(err))
				promoted++
			}
			require.NoError(t, promoter.Promote(ctx, s.SID, ch.SID, ""), "a private one is no error")
			messages := collect(t, source.Messages(ctx, s.SID, ch.SID, migrate.Span{After: migrate.All}))
			require.Len(t, collect(t, target.Messages(ctx, s.SID, ch.SID, false)), len(messages))
		}
	}
	require.NotZero(t, promoted)
	require.Contains(t, checker.Seen(), "POST /v3/Services/{ServiceSid}/Channels/{Sid}")
	require.Zero(t, e.Stats().RefusedSourceWrites)
}
