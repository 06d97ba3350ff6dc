package transport

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

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
		rt := New(Options{Base: base, InFlight: InFlight{Most: 8}})

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
	t.Run("speaks HTTP/1.1 to a server that offers HTTP/2", func(t *testing.T) {
		srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Proto) }))
		srv.EnableHTTP2 = true
		srv.StartTLS()
		defer srv.Close()
		base := NewBase(1)
		defer base.CloseIdleConnections()
		base.TLSClientConfig = &tls.Config{RootCAs: x509.NewCertPool(), NextProtos: nil}
		base.TLSClientConfig.RootCAs.AddCert(srv.Certificate())
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL, nil)
		require.NoError(t, err)
		resp, err := New(Options{Base: base}).RoundTrip(req)
		require.NoError(t, err)
		raw, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.Equal(t, "HTTP/1.1", string(raw))
		require.True(t, base.Protocols.HTTP1())
		require.False(t, base.Protocols.HTTP2())
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
	t.Run("gives each conversation its actions a second", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			rt, start := New(Options{Base: play(reply(201, "{}")), APS: 0.2}), time.Now()
			for range 3 {
				_, err := rt.RoundTrip(post(t.Context(), t, Call{Class: Append, Conversation: "CH1"}))
				require.NoError(t, err)
			}
			require.Equal(t, 10*time.Second, time.Since(start))
		})
	})
	t.Run("logs every attempt", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var out bytes.Buffer
			l := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
			_, err := New(Options{Base: play(reply(500, ""), reply(200, "{}")), Logger: l}).RoundTrip(get(t.Context(), t, Call{}))
			require.NoError(t, err)
			require.Equal(t, 2, strings.Count(out.String(), "status="), out.String())
		})
	})
	t.Run("has 32 requests in flight at most unless told", func(t *testing.T) {
		for concurrency, want := range map[int]int64{0: 32, -1: 32, 1: 1, 33: 33} {
			synctest.Test(t, func(t *testing.T) {
				g := &gauge{took: time.Second, answer: reply(200, "{}")}
				burst(t, New(Options{Base: g, InFlight: InFlight{Most: concurrency}}), 40)
				require.Equal(t, want, g.most.Load())
			})
		}
	})
	t.Run("takes the smallest settings for what they are", func(t *testing.T) {
		o := Options{MaxReply: 1, AttemptTimeout: 1}.withDefaults()
		require.EqualValues(t, 1, o.MaxReply)
		require.EqualValues(t, 1, o.AttemptTimeout)
		o = Options{}.withDefaults()
		require.EqualValues(t, 64<<20, o.MaxReply)
		require.Equal(t, 30*time.Second, o.AttemptTimeout)
	})
	t.Run("keeps as many idle connections to a host as there are requests, two at least, and to two hosts", func(t *testing.T) {
		for concurrency, want := range map[int]int{1: 2, 2: 2, 8: 8} {
			base := NewBase(concurrency)
			require.Equal(t, want, base.MaxIdleConnsPerHost)
			require.Equal(t, 2*want, base.MaxIdleConns)
		}
	})
}
