package twilio

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
)

const chatServicePath = "/v2/Services/" + service

func TestLimits(t *testing.T) {
	both := func(t *testing.T, answer answers) (*stub, *stub, *Target) {
		t.Helper()
		conv := serve(t, func(seen) (int, string) { return 500, "" })
		chat := serve(t, answer)
		c := conv.config(t)
		c.ChatURL = chat.url
		target, err := NewTarget(c)
		require.NoError(t, err)
		return conv, chat, target
	}
	reply := `{"sid": "` + service + `", "limits": {"channel_members": 100, "user_channels": 250}}`

	t.Run("are read and set through Chat v2, and nowhere else", func(t *testing.T) {
		conv, chat, target := both(t, func(seen) (int, string) { return 200, reply })
		got, err := target.Limits(t.Context(), service)
		require.NoError(t, err)
		require.Equal(t, migrate.Limits{ChannelMembers: 100, UserChannels: 250}, got)
		require.NoError(t, target.SetLimits(t.Context(), service, migrate.Limits{ChannelMembers: 500, UserChannels: 1000}))
		require.NoError(t, target.SetLimits(t.Context(), service, migrate.Limits{UserChannels: 600}))
		require.Equal(t, []string{"GET " + chatServicePath, "POST " + chatServicePath, "POST " + chatServicePath}, chat.uris())
		require.Equal(t, url.Values{"Limits.ChannelMembers": {"500"}, "Limits.UserChannels": {"1000"}}, chat.requests()[1].Form)
		require.Equal(t, url.Values{"Limits.UserChannels": {"600"}}, chat.requests()[2].Form)
		require.Empty(t, conv.requests())
	})
	t.Run("that the service does not say are 0", func(t *testing.T) {
		_, _, target := both(t, func(seen) (int, string) { return 200, `{"sid": "` + service + `", "limits": {}}` })
		got, err := target.Limits(t.Context(), service)
		require.NoError(t, err)
		require.Zero(t, got)
	})
	t.Run("of something that is no service are not taken", func(t *testing.T) {
		_, _, target := both(t, func(seen) (int, string) { return 200, `{"limits": {"channel_members": 100}}` })
		_, err := target.Limits(t.Context(), service)
		require.ErrorIs(t, err, errNoSID)
	})
	t.Run("that cannot be are not sent", func(t *testing.T) {
		_, chat, target := both(t, func(seen) (int, string) { return 200, reply })
		for _, l := range []migrate.Limits{{ChannelMembers: 1001}, {UserChannels: 1001}, {UserChannels: -1}} {
			err := target.SetLimits(t.Context(), service, l)
			require.Equal(t, migrate.Usage, migrate.KindOf(err))
			require.ErrorContains(t, err, "from 1 to 1000")
		}
		require.NoError(t, target.SetLimits(t.Context(), service, migrate.Limits{}))
		require.Empty(t, chat.requests())
	})
	t.Run("are sent again where the reply was lost", func(t *testing.T) {
		n := 0
		_, _, target := both(t, func(seen) (int, string) {
			if n++; n == 1 {
				return 502, ""
			}
			return 200, reply
		})
		require.NoError(t, target.SetLimits(t.Context(), service, migrate.Limits{UserChannels: 600}))
		require.Equal(t, 2, n)
	})
	t.Run("of a service that Chat does not have are not found", func(t *testing.T) {
		_, _, target := both(t, func(seen) (int, string) { return refusal(403, 50050) })
		_, err := target.Limits(t.Context(), service)
		require.Equal(t, migrate.NotFound, migrate.KindOf(err))
	})
	t.Run("do not take the credentials of another place to Twilio", func(t *testing.T) {
		for _, chatURL := range []string{"", ChatURL} {
			target, err := NewTarget(Config{BaseURL: "http://127.0.0.1:1", ChatURL: chatURL, Username: account, Password: token})
			require.NoError(t, err)
			_, err = target.Limits(t.Context(), service)
			require.Equal(t, migrate.Usage, migrate.KindOf(err))
			require.Contains(t, migrate.HintOf(err), "--chat-url")
			require.ErrorContains(t, err, "address of Chat")
			require.Equal(t, migrate.Usage, migrate.KindOf(target.SetLimits(t.Context(), service, migrate.Limits{UserChannels: 1})))
		}
	})
	t.Run("go to Twilio where Conversations does", func(t *testing.T) {
		target, err := NewTarget(Config{Username: account, Password: token})
		require.NoError(t, err)
		require.Equal(t, ChatURL, target.chat.base.String())
	})
	t.Run("need an address that is one", func(t *testing.T) {
		_, err := NewTarget(Config{ChatURL: "http://chat.example", Username: account, Password: token})
		require.Equal(t, migrate.Usage, migrate.KindOf(err))
	})
}
