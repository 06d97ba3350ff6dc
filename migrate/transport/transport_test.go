package transport

import (
	"bytes"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestReadOnly(t *testing.T) {
	t.Run("passes a GET", func(t *testing.T) {
		resp, err := ReadOnly(play(reply(200, ""))).RoundTrip(get(t.Context(), t, Call{}))
		require.NoError(t, err)
		require.Equal(t, 200, resp.StatusCode)
	})
	t.Run("refuses everything else before it is sent", func(t *testing.T) {
		for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodHead, "FOO"} {
			base := play(reply(200, ""))
			req := post(t.Context(), t, Call{Class: Read})
			req.Method = method
			_, err := ReadOnly(base).RoundTrip(req)
			require.ErrorIs(t, err, ErrReadOnly)
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

	out.Reset()
	_, err = Log(play(breaks(errReset)), l).RoundTrip(req)
	require.ErrorIs(t, err, errReset)
	require.Contains(t, out.String(), "connection reset")
	require.NotContains(t, out.String(), "secret")
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

func TestNew(t *testing.T) {
	t.Run("keeps its connections under load", func(t *testing.T) {
		var opened atomic.Int64
		srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "{}")
		}))
		srv.Config.ConnState = func(_ net.Conn, s http.ConnState) {
			if s == http.StateNew {
				opened.Add(1)
			}
		}
		srv.Start()
		defer srv.Close()
		base := NewBase(8)
		defer base.CloseIdleConnections()
		rt := New(Options{Base: base, Concurrency: 8})

		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 50 {
					req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL, nil)
					require.NoError(t, err)
					resp, err := rt.RoundTrip(req)
					require.NoError(t, err)
					require.NoError(t, resp.Body.Close())
				}
			})
		}
		wg.Wait()
		require.LessOrEqual(t, opened.Load(), int64(16))
	})
	t.Run("sends an append once when its connection drops after the request", func(t *testing.T) {
		var seen atomic.Int64
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet {
				_, _ = io.WriteString(w, "{}")
				return
			}
			seen.Add(1)
			conn, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				_ = conn.Close()
			}
		}))
		defer srv.Close()
		base := NewBase(1)
		defer base.CloseIdleConnections()
		rt := New(Options{Base: base, Patience: Patience{FirstWait: time.Millisecond}})
		send := func(method string, class Class) error {
			req, err := http.NewRequestWithContext(With(t.Context(), Call{Class: class}), method, srv.URL, strings.NewReader("Body=x"))
			require.NoError(t, err)
			_, err = rt.RoundTrip(req)
			return err
		}
		require.NoError(t, send(http.MethodGet, Read), "leaves an idle connection that the POST reuses")
		err := send(http.MethodPost, Append)
		require.Error(t, err)
		require.True(t, Sent(err))
		require.Equal(t, int64(1), seen.Load())

		require.Error(t, send(http.MethodPost, Ensure))
		require.Equal(t, int64(1+10), seen.Load(), "an ensure is repeated as often as there is patience")
	})
	t.Run("paces and counts every attempt", func(t *testing.T) {
		var c Counter
		rt := New(Options{Base: play(reply(429, "", "Retry-After", "0"), reply(201, "{}")), APS: 1000, Counter: &c})
		_, err := rt.RoundTrip(post(t.Context(), t, Call{Class: Append, Conversation: "CH1"}))
		require.NoError(t, err)
		require.Equal(t, int64(2), c.Traffic().Writes)
		require.Equal(t, int64(1), c.Traffic().Retried)
	})
}
