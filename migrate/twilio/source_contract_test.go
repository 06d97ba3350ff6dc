package twilio_test

import (
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/chat"
	"chatbridge/migrate"
	"chatbridge/migrate/archive"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/oai"
	"chatbridge/migrate/twilio"
)

// A workspace read through the API is the workspace that the archive holds.
// The emulator serves the very files that the archive's own Source reads.
func TestSourceContract(t *testing.T) {
	t.Run("support-desk, held to the document", func(t *testing.T) {
		files := os.DirFS("../../testdata/workspaces/support-desk")
		e, err := emulator.New(emulator.Config{Archive: files})
		require.NoError(t, err)
		checker := oai.Chat(t)
		live, err := twilio.NewSource(connect(t, checker.Wrap(e.Chat())))
		require.NoError(t, err)
		stored, err := archive.Open(files)
		require.NoError(t, err)
		compare(t, archive.NewSource(stored), live)

		const service = "GET /v1/Services/{ServiceSid}"
		require.Subset(t, checker.Seen(), []string{
			"GET /v1/Services", "GET /v1/Credentials",
			service + "/Roles", service + "/Users", service + "/Users/{Sid}",
			service + "/Channels", service + "/Channels/{Sid}",
			service + "/Channels/{ChannelSid}/Members", service + "/Channels/{ChannelSid}/Invites",
			service + "/Channels/{ChannelSid}/Messages", service + "/Channels/{ChannelSid}/Messages/{Sid}",
		})
	})
	t.Run("edge-cases, which the document does not foresee", func(t *testing.T) {
		files := os.DirFS("../../testdata/workspaces/edge-cases")
		e, err := emulator.New(emulator.Config{Archive: files})
		require.NoError(t, err)
		live, err := twilio.NewSource(connect(t, e.Chat()))
		require.NoError(t, err)
		stored, err := archive.Open(files)
		require.NoError(t, err)
		compare(t, archive.NewSource(stored), live)
	})
}

func compare(t *testing.T, want, live migrate.Source) {
	t.Helper()
	ctx := t.Context()
	services := bare(collect(t, want.Services(ctx)), cleanService)
	require.NotEmpty(t, services)
	require.Equal(t, services, bare(collect(t, live.Services(ctx)), cleanService))
	require.Equal(t, bare(collect(t, want.Credentials(ctx)), cleanCredential), bare(collect(t, live.Credentials(ctx)), cleanCredential))
	for _, s := range services {
		require.Equal(t, bare(collect(t, want.Roles(ctx, s.SID)), cleanRole), bare(collect(t, live.Roles(ctx, s.SID)), cleanRole))
		compareUsers(t, want, live, s.SID)
		for _, c := range compareChannels(t, want, live, s.SID) {
			require.Equal(t, bare(collect(t, want.Members(ctx, s.SID, c)), cleanMember), bare(collect(t, live.Members(ctx, s.SID, c)), cleanMember))
			require.Equal(t, bare(collect(t, want.Invites(ctx, s.SID, c)), cleanInvite), bare(collect(t, live.Invites(ctx, s.SID, c)), cleanInvite))
			span := migrate.Span{After: migrate.All}
			messages := bare(collect(t, want.Messages(ctx, s.SID, c, span)), cleanMessage)
			require.Equal(t, messages, bare(collect(t, live.Messages(ctx, s.SID, c, span)), cleanMessage))
			slices.Reverse(messages)
			span.NewestFirst = true
			require.Equal(t, messages, bare(collect(t, live.Messages(ctx, s.SID, c, span)), cleanMessage))
		}
	}
}

func compareUsers(t *testing.T, want, live migrate.Source, service string) {
	t.Helper()
	users := collect(t, live.Users(t.Context(), service))
	for i, u := range users {
		whole, err := live.User(t.Context(), service, u.SID)
		require.NoError(t, err)
		users[i] = whole
	}
	require.Equal(t, bare(collect(t, want.Users(t.Context(), service)), cleanUser), bare(users, cleanUser))
}

func compareChannels(t *testing.T, want, live migrate.Source, service string) (sids []string) {
	t.Helper()
	channels := collect(t, live.Channels(t.Context(), service))
	for i, c := range channels {
		whole, err := live.Channel(t.Context(), service, c.SID)
		require.NoError(t, err)
		channels[i] = whole
		sids = append(sids, c.SID)
	}
	stored := collect(t, want.Channels(t.Context(), service))
	require.ElementsMatch(t, bare(stored, cleanChannel), bare(channels, cleanChannel))
	return sids
}

// bare leaves out the raw bytes, in which only addresses and spacing differ.
func bare[T any](all []T, clean func(*T)) []T {
	for i := range all {
		clean(&all[i])
	}
	return all
}

func cleanService(r *chat.Service)       { r.Raw = nil }
func cleanCredential(r *chat.Credential) { r.Raw = nil }
func cleanRole(r *chat.Role)             { r.Raw = nil }
func cleanUser(r *chat.User)             { r.Raw = nil }
func cleanChannel(r *chat.Channel)       { r.Raw = nil }
func cleanMember(r *chat.Member)         { r.Raw = nil }
func cleanInvite(r *chat.Invite)         { r.Raw = nil }
func cleanMessage(r *chat.Message)       { r.Raw = nil }

func TestSourceContractOfRefusals(t *testing.T) {
	e, err := emulator.New(emulator.Config{Generate: emulator.Generate{Channels: 1, Messages: 3, Seed: 1}})
	require.NoError(t, err)
	live, err := twilio.NewSource(connect(t, oai.Chat(t).Wrap(e.Chat())))
	require.NoError(t, err)
	for _, err := range live.Users(t.Context(), "IS00000000000000000000000000000000") {
		require.Equal(t, migrate.NotFound, migrate.KindOf(err))
		require.Contains(t, migrate.HintOf(err), "chatbridge audit")
	}
	c := connect(t, oai.Chat(t).Wrap(e.Chat()))
	c.Password = "wrong"
	stranger, err := twilio.NewSource(c)
	require.NoError(t, err)
	for _, err := range stranger.Services(t.Context()) {
		require.Equal(t, migrate.Credentials, migrate.KindOf(err))
	}
}
