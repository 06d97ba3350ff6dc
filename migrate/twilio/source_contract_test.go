package twilio_test

import (
	"io/fs"
	"net/http"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/mapping/chat"
	"chatbridge/migrate"
	"chatbridge/migrate/archive"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/oai"
	"chatbridge/migrate/twilio"
)

// A workspace read through the API is the workspace that the archive holds, but
// for what the version of the API does not show. The emulator serves the very
// files that the archive's own Source reads.
func TestSourceContract(t *testing.T) {
	for _, shows := range []shown{{api: twilio.APIv1}, {api: twilio.APIv2}} {
		t.Run("support-desk, held to the document of "+shows.api, func(t *testing.T) {
			files := os.DirFS("../../testdata/workspaces/support-desk")
			checker := oai.Chat(t)
			live, stored := connectSource(t, files, shows.api, checker.Wrap)
			shows.compare(t, stored, live)

			base := "GET /" + shows.api
			want := []string{
				base + "/Services", base + "/Credentials",
				base + "/Services/{ServiceSid}/Roles", base + "/Services/{ServiceSid}/Users", base + "/Services/{ServiceSid}/Users/{Sid}",
				base + "/Services/{ServiceSid}/Users/{UserSid}/Channels",
				base + "/Services/{ServiceSid}/Channels", base + "/Services/{ServiceSid}/Channels/{Sid}",
				base + "/Services/{ServiceSid}/Channels/{ChannelSid}/Members", base + "/Services/{ServiceSid}/Channels/{ChannelSid}/Invites",
				base + "/Services/{ServiceSid}/Channels/{ChannelSid}/Messages",
			}
			if shows.api == twilio.APIv1 {
				want = append(want, base+"/Services/{ServiceSid}/Channels/{ChannelSid}/Messages/{Sid}")
			}
			require.ElementsMatch(t, want, checker.Seen(), "lists of v2 show attributes, and no message is fetched")
		})
		t.Run("edge-cases, which the documents do not foresee, by "+shows.api, func(t *testing.T) {
			files := os.DirFS("../../testdata/workspaces/edge-cases")
			live, stored := connectSource(t, files, shows.api, func(h http.Handler) http.Handler { return h })
			shows.compare(t, stored, live)
		})
	}
	t.Run("refuses a version that there is not", func(t *testing.T) {
		_, err := twilio.NewSource(twilio.Config{API: "v3", Username: "AC1", Password: "x"})
		require.Equal(t, migrate.Usage, migrate.KindOf(err))
	})
}

func connectSource(t *testing.T, files fs.FS, api string, wrap func(http.Handler) http.Handler) (live, stored migrate.Source) {
	t.Helper()
	a, err := archive.Open(files)
	require.NoError(t, err)
	e, err := emulator.New(emulator.Config{Archive: files, AccountSID: a.Manifest.AccountSID})
	require.NoError(t, err)
	c := connect(t, wrap(e.Chat()))
	c.API, c.Username = api, a.Manifest.AccountSID
	live, err = twilio.NewSource(c)
	require.NoError(t, err)
	source := archive.NewSource(a)
	t.Cleanup(func() { require.NoError(t, source.Close()) })
	return live, source
}

// shown is what a version of the API shows of a workspace.
type shown struct{ api string }

func (v shown) compare(t *testing.T, want, live migrate.Source) {
	t.Helper()
	ctx := t.Context()
	services := bare(collect(t, want.Services(ctx)), v.service)
	require.NotEmpty(t, services)
	require.Equal(t, services, bare(collect(t, live.Services(ctx)), v.service))
	require.Equal(t, bare(collect(t, want.Credentials(ctx)), cleanCredential), bare(collect(t, live.Credentials(ctx)), cleanCredential))
	for _, s := range services {
		require.Equal(t, bare(collect(t, want.Roles(ctx, s.SID)), cleanRole), bare(collect(t, live.Roles(ctx, s.SID)), cleanRole))
		compareUsers(t, want, live, s.SID)
		for _, c := range compareChannels(t, want, live, s.SID) {
			require.Equal(t, bare(collect(t, want.Members(ctx, s.SID, c)), v.member), bare(collect(t, live.Members(ctx, s.SID, c)), v.member))
			require.Equal(t, bare(collect(t, want.Invites(ctx, s.SID, c)), cleanInvite), bare(collect(t, live.Invites(ctx, s.SID, c)), cleanInvite))
			span := migrate.Span{After: migrate.All}
			messages := bare(collect(t, want.Messages(ctx, s.SID, c, span)), v.message)
			require.Equal(t, messages, bare(collect(t, live.Messages(ctx, s.SID, c, span)), v.message))
			slices.Reverse(messages)
			span.NewestFirst = true
			require.Equal(t, messages, bare(collect(t, live.Messages(ctx, s.SID, c, span)), v.message))
		}
		compareUserChannels(t, want, live, s.SID)
	}
}

// service leaves out what only one version shows.
func (v shown) service(r *chat.Service) {
	r.Raw, r.Webhooks = nil, nil
	r.PreWebhookRetryCount, r.PostWebhookRetryCount, r.Media = nil, nil, nil
}

func (v shown) member(r *chat.Member) {
	r.Raw = nil
	if unset := r.Attributes != nil && *r.Attributes == "{}"; unset || v.api == twilio.APIv1 {
		r.Attributes = nil
	}
}

func (v shown) message(r *chat.Message) {
	r.Raw, r.Page = nil, ""
	if r.Type == "text" {
		r.Type = ""
	}
	if v.api == twilio.APIv1 {
		if r.Media != nil {
			r.Body = mapping.DefaultCompatibility // v1 knows nothing of files
		}
		r.Type, r.Media, r.LastUpdatedBy = "", nil, ""
	}
}

// compareUserChannels counts, for each channel, the users who are in it: by its
// members, of whom some may have no user and one user be several, and by what
// the users have.
func compareUserChannels(t *testing.T, want, live migrate.Source, service string) {
	t.Helper()
	ctx := t.Context()
	members, users := map[string]int{}, map[string]int{}
	identities := map[string]bool{}
	for _, u := range collect(t, want.Users(ctx, service)) {
		identities[u.Identity] = true
		for _, c := range collect(t, live.UserChannels(ctx, service, u.SID)) {
			require.Equal(t, u.SID, c.UserSID)
			if c.MemberSID != "" {
				users[c.ChannelSID]++
			}
		}
	}
	for _, c := range collect(t, want.Channels(ctx, service)) {
		counted := map[string]bool{}
		for _, m := range collect(t, want.Members(ctx, service, c.SID)) {
			if identities[m.Identity] && !counted[m.Identity] {
				counted[m.Identity] = true
				members[c.SID]++
			}
		}
	}
	require.Equal(t, members, users)
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

func cleanCredential(r *chat.Credential) { r.Raw = nil }
func cleanRole(r *chat.Role)             { r.Raw = nil }
func cleanUser(r *chat.User)             { r.Raw = nil }
func cleanChannel(r *chat.Channel)       { r.Raw = nil }
func cleanInvite(r *chat.Invite)         { r.Raw = nil }

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
