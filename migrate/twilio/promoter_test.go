package twilio

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
)

const (
	promotePath = "/v3/Services/" + service + "/Channels/" + channel
	askPath     = "/v2/Services/" + service + "/Channels/" + channel
	messaging   = "MG00000000000000000000000000000001"
)

func TestPromote(t *testing.T) {
	promote := func(t *testing.T, messagingServiceSID string, answer answers) (*stub, error) {
		t.Helper()
		s := serve(t, answer)
		p, err := NewPromoter(s.config(t))
		require.NoError(t, err)
		return s, p.Promote(t.Context(), service, channel, messagingServiceSID)
	}
	is := func(kind string) string { return `{"sid": "` + channel + `", "type": "` + kind + `"}` }

	t.Run("asks for a private channel and nothing else", func(t *testing.T) {
		s, err := promote(t, "", func(seen) (int, string) { return 200, is("private") })
		require.NoError(t, err)
		require.Equal(t, []string{"POST " + promotePath}, s.uris())
		require.Equal(t, url.Values{"Type": {"private"}}, s.requests()[0].Form)
	})
	t.Run("does not take something that is no channel for one", func(t *testing.T) {
		_, err := promote(t, "", func(seen) (int, string) { return 200, `{"type": "private"}` })
		require.ErrorIs(t, err, errNoSID)
	})
	t.Run("attaches a messaging service", func(t *testing.T) {
		s, err := promote(t, messaging, func(seen) (int, string) { return 200, is("private") })
		require.NoError(t, err)
		require.Equal(t, url.Values{"Type": {"private"}, "MessagingServiceSid": {messaging}}, s.requests()[0].Form)
	})
	t.Run("asks the channel where the reply still says public", func(t *testing.T) {
		s, err := promote(t, "", func(r seen) (int, string) {
			if r.Method == "GET" {
				return 200, is("private")
			}
			return 200, is("public")
		})
		require.NoError(t, err)
		require.Equal(t, []string{"POST " + promotePath, "GET " + askPath}, s.uris())
	})
	t.Run("fails where the channel stays public", func(t *testing.T) {
		_, err := promote(t, "", func(seen) (int, string) { return 200, is("public") })
		require.Equal(t, migrate.Refused, migrate.KindOf(err))
		require.ErrorContains(t, err, "still public")
	})
	t.Run("takes a refusal for a channel that is private already", func(t *testing.T) {
		_, err := promote(t, "", func(r seen) (int, string) {
			if r.Method == "GET" {
				return 200, is("private")
			}
			return refusal(400, 50393)
		})
		require.NoError(t, err)
	})
	t.Run("does not take it where a messaging service was to be attached", func(t *testing.T) {
		s, err := promote(t, messaging, func(seen) (int, string) { return refusal(400, 50341) })
		require.Equal(t, migrate.Refused, migrate.KindOf(err))
		require.Len(t, s.requests(), 1)
	})
	t.Run("says why where a channel that is public is refused", func(t *testing.T) {
		_, err := promote(t, "", func(r seen) (int, string) {
			if r.Method == "GET" {
				return 200, is("public")
			}
			return refusal(400, 50393)
		})
		require.ErrorContains(t, err, "50393")
	})
	t.Run("repeats what may have been lost", func(t *testing.T) {
		n := 0
		_, err := promote(t, "", func(seen) (int, string) {
			if n++; n == 1 {
				return 500, ""
			}
			return 200, is("private")
		})
		require.NoError(t, err)
		require.Equal(t, 2, n)
	})
	t.Run("finds nothing where there is no such channel", func(t *testing.T) {
		_, err := promote(t, "", func(seen) (int, string) { return refusal(404, 20404) })
		require.Equal(t, migrate.NotFound, migrate.KindOf(err))
	})
}
