package twilio

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
)

func TestRepliesDecideTheKind(t *testing.T) {
	const twilio = `{"code": %d, "message": "m", "status": 400}`
	for name, c := range map[string]struct {
		status int
		body   string
		read   migrate.Kind
		append migrate.Kind
		hint   string
	}{
		"401 with 20003":                    {401, fmt.Sprintf(twilio, 20003), migrate.Credentials, migrate.Credentials, "TWILIO_AUTH_TOKEN"},
		"401 without a code":                {401, "", migrate.Credentials, migrate.Credentials, "TWILIO_AUTH_TOKEN"},
		"403 with 20403":                    {403, fmt.Sprintf(twilio, 20403), migrate.Credentials, migrate.Credentials, "suspended"},
		"403 with 50050 of Chat":            {403, fmt.Sprintf(twilio, 50050), migrate.NotFound, migrate.NotFound, "chatbridge audit"},
		"403 with 50107":                    {403, fmt.Sprintf(twilio, 50107), migrate.Refused, migrate.Refused, "errors/50107"},
		"403 of a proxy":                    {403, "<html>", migrate.Refused, migrate.Refused, "bypass it"},
		"413 of a firewall":                 {413, "Too large", migrate.Refused, migrate.Refused, "bypass it"},
		"404 with 20404":                    {404, fmt.Sprintf(twilio, 20404), migrate.NotFound, migrate.NotFound, "SID"},
		"404 with the code of a role":       {404, fmt.Sprintf(twilio, 50100), migrate.Refused, migrate.Refused, "errors/50100"},
		"404 of a web server":               {404, "<html>no such page</html>", migrate.Usage, migrate.Usage, "-url"},
		"405 of a web server":               {405, "", migrate.Usage, migrate.Usage, "-url"},
		"301":                               {301, "", migrate.Usage, migrate.Usage, "-url"},
		"409 with 50201":                    {409, fmt.Sprintf(twilio, 50201), migrate.Exists, migrate.Exists, ""},
		"409 with 50353":                    {409, fmt.Sprintf(twilio, 50353), migrate.Exists, migrate.Exists, ""},
		"400 with 50433":                    {400, fmt.Sprintf(twilio, 50433), migrate.Exists, migrate.Exists, ""},
		"429":                               {429, "", migrate.Throttled, migrate.Throttled, "--concurrency"},
		"429 with 20429":                    {429, fmt.Sprintf(twilio, 20429), migrate.Throttled, migrate.Throttled, "--concurrency"},
		"403 with 50063":                    {403, fmt.Sprintf(twilio, 50063), migrate.Throttled, migrate.Throttled, "--aps"},
		"403 with 50074":                    {403, fmt.Sprintf(twilio, 50074), migrate.Throttled, migrate.Throttled, "--aps"},
		"409 with 50391, a write beside us": {409, fmt.Sprintf(twilio, 50391), migrate.Unavailable, migrate.Contended, "resumes"},
		"409 with 50002, a deletion":        {409, fmt.Sprintf(twilio, 50002), migrate.Unavailable, migrate.Unavailable, "resumes"},
		"500 with a code":                   {500, fmt.Sprintf(twilio, 20500), migrate.Unavailable, migrate.InDoubt, "resumes"},
		"500 without a body":                {500, "", migrate.Unavailable, migrate.InDoubt, "resumes"},
		"502 in HTML":                       {502, "<html>", migrate.Unavailable, migrate.InDoubt, "resumes"},
		"503":                               {503, "", migrate.Unavailable, migrate.InDoubt, "resumes"},
		"408":                               {408, "", migrate.Unavailable, migrate.InDoubt, "resumes"},
		"400 with 50304":                    {400, fmt.Sprintf(twilio, 50304), migrate.Refused, migrate.Refused, "errors/50304"},
		"400 with a code nobody knows":      {400, fmt.Sprintf(twilio, 99999), migrate.Refused, migrate.Refused, "errors/99999"},
		"404 with a code nobody knows":      {404, fmt.Sprintf(twilio, 99999), migrate.NotFound, migrate.NotFound, "SID"},
		"405 with a code nobody knows":      {405, fmt.Sprintf(twilio, 99999), migrate.Usage, migrate.Usage, "-url"},
		"399":                               {399, "", migrate.Usage, migrate.Usage, "-url"},
		"499":                               {499, "", migrate.Refused, migrate.Refused, ""},
		"403 with 70051":                    {403, fmt.Sprintf(twilio, 70051), migrate.Credentials, migrate.Credentials, "give the key that permission"},
		"a code that is no number":          {400, `{"code": "x"}`, migrate.Refused, migrate.Refused, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, func(seen) (int, string) { return c.status, c.body })
			target := s.target(t)
			_, err := target.Conversation(t.Context(), service, channel)
			require.Equal(t, c.read, migrate.KindOf(err))
			require.Contains(t, migrate.HintOf(err), c.hint)
			require.Equal(t, c.hint == "", migrate.HintOf(err) == "", "a hint that does not help is none: %s", migrate.HintOf(err))
			require.ErrorContains(t, err, fmt.Sprintf("read conversation %s: ", channel))

			_, err = target.AppendMessage(t.Context(), service, channel, conversations.Message{Body: "x"})
			require.Equal(t, c.append, migrate.KindOf(err))
		})
	}
}

// Nothing that a 5xx or a 202 bears says that an append was not written, or that
// it was.
func TestAppendsOfUnknownOutcomeAreNotRepeated(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		wait   string
	}{
		"503 with Retry-After":              {503, "", "0"},
		"500 with Retry-After":              {500, "", "0"},
		"503 that names a rate limit":       {503, `{"code": 50063}`, "0"},
		"500 that names a unique name":      {500, `{"code": 50353}`, ""},
		"202 without a body":                {202, "", ""},
		"202 that says where to look":       {202, `{"resource_url": "/v1/x"}`, ""},
		"202 that looks like what was made": {202, `{"sid": "XX1", "index": 7}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var posts atomic.Int64
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodGet {
					_, _ = io.WriteString(w, list("credentials", ""))
					return
				}
				posts.Add(1)
				if c.wait != "" {
					w.Header().Set("Retry-After", c.wait)
				}
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
			}))
			defer srv.Close()
			target := (&stub{url: srv.URL}).target(t)
			_, messageErr := target.AppendMessage(t.Context(), service, channel, conversations.Message{Body: "x"})
			_, conversationErr := target.AppendConversation(t.Context(), service, conversations.Conversation{UniqueName: "x"})
			_, roleErr := target.AppendRole(t.Context(), service, conversations.Role{FriendlyName: "x"})
			_, serviceErr := target.AppendService(t.Context(), conversations.Service{FriendlyName: "x"})
			_, _, credentialErr := target.EnsureCredential(t.Context(), migrate.Credential{Type: "fcm"})
			for _, err := range []error{messageErr, conversationErr, roleErr, serviceErr, credentialErr} {
				require.Equal(t, migrate.InDoubt, migrate.KindOf(err))
			}
			require.Equal(t, int64(5), posts.Load())
		})
	}
	t.Run("a repeatable write is repeated after 202 until it is answered", func(t *testing.T) {
		var posts atomic.Int64
		s := serve(t, func(seen) (int, string) {
			if posts.Add(1) == 1 {
				return 202, `{"sid": "` + channel + `"}`
			}
			return 200, `{"sid": "` + channel + `"}`
		})
		require.NoError(t, s.target(t).SetConversation(t.Context(), service, conversations.Conversation{SID: channel, FriendlyName: "x"}))
		require.Equal(t, int64(2), posts.Load())
	})
}

func TestLostConnectionsDecideTheKind(t *testing.T) {
	t.Run("nothing was sent where nobody listens", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		require.NoError(t, l.Close())
		target := (&stub{url: "http://" + l.Addr().String()}).target(t)
		_, err = target.AppendMessage(t.Context(), service, channel, conversations.Message{Body: "x"})
		require.Equal(t, migrate.Unavailable, migrate.KindOf(err))
		require.Contains(t, migrate.HintOf(err), "--conversations-url")
	})
	t.Run("an append may have landed where the connection drops", func(t *testing.T) {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				_ = conn.Close()
			}
		}))
		defer srv.Close()
		target := (&stub{url: srv.URL}).target(t)
		_, err := target.AppendMessage(t.Context(), service, channel, conversations.Message{Body: "x"})
		require.Equal(t, migrate.InDoubt, migrate.KindOf(err))
		_, err = target.AppendService(t.Context(), conversations.Service{FriendlyName: "x"})
		require.Equal(t, migrate.InDoubt, migrate.KindOf(err))
		_, err = target.AppendConversation(t.Context(), service, conversations.Conversation{UniqueName: "x"})
		require.Equal(t, migrate.InDoubt, migrate.KindOf(err))
		_, err = target.Conversation(t.Context(), service, channel)
		require.Equal(t, migrate.Unavailable, migrate.KindOf(err))
		err = target.SetConversation(t.Context(), service, conversations.Conversation{SID: channel, FriendlyName: "x"})
		require.Equal(t, migrate.Unavailable, migrate.KindOf(err))
	})
}

// What people wrote, and what proves who we are, must reach no error, even
// where the service repeats it.
func TestErrorsTellNoSecret(t *testing.T) {
	const attributes, body, identity = `{"diagnosis":"private-attributes"}`, "private-body", "private-identity@example.com"
	failures := map[string]answers{
		"a dropped reply": func(seen) (int, string) { return 201, "{" },
		"nonsense":        func(r seen) (int, string) { return 201, r.Form.Encode() + body },
	}
	for _, status := range []int{301, 400, 401, 403, 404, 409, 413, 429, 500, 502, 503} {
		failures[fmt.Sprint(status)] = func(seen) (int, string) {
			return status, fmt.Sprintf(`{"code": 50999, "message": %q}`, "invalid: "+attributes+body+token)
		}
		failures[fmt.Sprint(status, " in text")] = func(seen) (int, string) { return status, attributes + body + token }
	}
	for name, answer := range failures {
		t.Run(name, func(t *testing.T) {
			s := serve(t, answer)
			target := s.target(t)
			ctx := context.Background()
			_, messageErr := target.AppendMessage(ctx, service, channel, conversations.Message{Author: identity, Body: body, Attributes: attributes})
			_, _, userErr := target.EnsureUser(ctx, service, conversations.User{Identity: identity, Attributes: attributes})
			_, conversationErr := target.AppendConversation(ctx, service, conversations.Conversation{Attributes: attributes})
			_, _, participantErr := target.EnsureParticipant(ctx, service, channel, conversations.Participant{Identity: identity, Attributes: attributes}, nil)
			for _, err := range []error{messageErr, userErr, conversationErr, participantErr} {
				require.Error(t, err)
				said := err.Error() + migrate.HintOf(err)
				require.NotContains(t, said, "private-")
				require.NotContains(t, said, token)
			}
		})
	}
}

func TestMessagesOfTheServiceAreOneShortLine(t *testing.T) {
	s := serve(t, func(seen) (int, string) {
		return 400, `{"code": 50999, "message": "line one\nline two\u001b[31m red ` + fmt.Sprintf("%0400d", 0) + `"}`
	})
	_, err := s.target(t).Conversation(t.Context(), service, channel)
	require.ErrorContains(t, err, "line one line two [31m red 000")
	require.Less(t, len(err.Error()), 400)
}
