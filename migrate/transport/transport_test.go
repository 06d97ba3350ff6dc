package transport

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

func TestReadOnly(t *testing.T) {
	t.Run("passes a GET", func(t *testing.T) {
		resp, err := ReadOnly(play(reply(200, ""))).RoundTrip(get(t.Context(), t, Call{}))
		require.NoError(t, err)
		require.Equal(t, 200, resp.StatusCode)
	})
	t.Run("closes the body of what it refuses, if there is one", func(t *testing.T) {
		body := &closes{}
		req := post(t.Context(), t, Call{})
		req.Body = body
		_, err := ReadOnly(play(reply(200, ""))).RoundTrip(req)
		require.Error(t, err)
		require.Equal(t, 1, body.closed)
		req.Body = nil
		_, err = ReadOnly(play(reply(200, ""))).RoundTrip(req)
		require.Error(t, err)
	})
	t.Run("refuses everything else before it is sent", func(t *testing.T) {
		for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodHead, "FOO"} {
			base := play(reply(200, ""))
			req := post(t.Context(), t, Call{Class: Read})
			req.Method = method
			_, err := ReadOnly(base).RoundTrip(req)
			require.ErrorIs(t, err, ErrReadOnly)
			require.ErrorContains(t, err, "read-only")
			require.False(t, Sent(err))
			require.Zero(t, base.attempts())
		}
	})
}

func TestLogHoldsNoSecret(t *testing.T) {
	var out bytes.Buffer
	l := slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	req := post(t.Context(), t, Call{})
	const service = "IS00000000000000000000000000000001"
	req.URL.Path = "/v1/Services/" + service + "/Users/secret/person@example.com"
	req.URL.RawPath = "/v1/Services/" + service + "/Users/secret%2Fperson@example.com"
	req.URL.RawQuery = "PageToken=secret-query"
	resp, err := Log(play(reply(429, `{"code":50063,"message":"secret-reply"}`)), l).RoundTrip(req)
	require.NoError(t, err)

	line := out.String()
	require.NotContains(t, line, "secret")
	require.NotContains(t, line, "Basic")
	for _, part := range []string{`"method":"POST"`, `"path":"/v1/Services/` + service + `/Users/*"`, `"status":429`, `"code":50063`, `"duration"`} {
		require.Contains(t, line, part)
	}
	raw, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Contains(t, string(raw), "secret-reply", "looking for the code must not use the body up")

	for what, answer := range map[string]step{
		"a success":                reply(200, `{"code":7}`),
		"a refusal without a code": reply(500, "<html>secret</html>"),
		"a refusal that cannot be read": func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 500, Body: io.NopCloser(iotest.ErrReader(errReset))}, nil
		},
	} {
		out.Reset()
		_, err = Log(play(answer), l).RoundTrip(req)
		require.NoError(t, err)
		require.Contains(t, out.String(), `"status"`)
		require.NotContains(t, out.String(), `"code"`, what)
		require.NotContains(t, out.String(), "secret", what)
	}

	out.Reset()
	body := &closes{Reader: strings.NewReader(`{"code":20003}`)}
	_, err = Log(play(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 401, Body: body}, nil
	}), l).RoundTrip(req)
	require.NoError(t, err)
	require.Contains(t, out.String(), `"code":20003`)
	require.Equal(t, 1, body.closed, "what was read in its place is given on")

	out.Reset()
	_, err = Log(play(breaks(errors.New("broken pipe"))), l).RoundTrip(req)
	require.Error(t, err)
	require.Contains(t, out.String(), `"error":"broken pipe"`)

	out.Reset()
	_, err = Log(play(breaks(errReset)), l).RoundTrip(req)
	require.ErrorIs(t, err, errReset)
	require.Contains(t, out.String(), "connection reset")
	require.NotContains(t, out.String(), "secret")
}

// A word that the log does not know is hidden, and a line of stars tells nobody
// which request it was.
func TestLogShowsEveryWordOfTwiliosPaths(t *testing.T) {
	const is, ch, im, us, al = "IS00000000000000000000000000000001", "CH00000000000000000000000000000001", "IM00000000000000000000000000000001", "US00000000000000000000000000000001", "RL00000000000000000000000000000001"
	for _, path := range []string{
		"/v1/Services/" + is + "/Roles/" + al,
		"/v1/Services/" + is + "/Users/" + us,
		"/v1/Services/" + is + "/Channels/" + ch + "/Members",
		"/v1/Services/" + is + "/Channels/" + ch + "/Messages/" + im,
		"/v1/Services/" + is + "/Channels/" + ch + "/Invites",
		"/v2/Services/" + is + "/Channels/" + ch + "/Webhooks",
		"/v2/Services/" + is + "/Bindings",
		"/v3/Services/" + is + "/Channels/" + ch,
		"/v1/Services/" + is + "/Conversations/" + ch + "/Participants",
		"/v1/Services/" + is + "/Conversations/" + ch + "/Messages/" + im + "/Receipts",
		"/v1/Services/" + is + "/Configuration/Notifications",
		"/v1/Services/" + is + "/Configuration/Webhooks",
		"/v1/Services/" + is + "/ParticipantConversations",
		"/v1/Services/" + is + "/ConversationWithParticipants",
		"/v1/Configuration/Addresses",
		"/v1/Credentials",
	} {
		require.Equal(t, path, shownPath(&url.URL{Path: path}))
	}
}

func TestCount(t *testing.T) {
	var c Counter
	rt := Count(play(reply(200, ""), reply(201, ""), reply(429, ""), reply(403, `{"code":20429}`), breaks(errReset)), &c)
	for _, req := range []*http.Request{
		get(t.Context(), t, Call{}), post(t.Context(), t, Call{}), post(t.Context(), t, Call{}),
		get(t.Context(), t, Call{}), post(t.Context(), t, Call{}),
	} {
		_, _ = rt.RoundTrip(req)
	}
	got := c.Traffic()
	require.Equal(t, int64(2), got.Reads)
	require.Equal(t, int64(3), got.Writes)
	require.Equal(t, int64(2), got.Throttled)
}
