package twilio

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
)

func experimenter(t *testing.T, handle http.HandlerFunc) *Experimenter {
	t.Helper()
	server := httptest.NewServer(handle)
	t.Cleanup(server.Close)
	x, err := NewExperimenter(Config{BaseURL: server.URL, Username: account, Password: token, HTTP: patient(t)})
	require.NoError(t, err)
	return x
}

func TestExperimenter(t *testing.T) {
	t.Run("asks each host of the target, and no other", func(t *testing.T) {
		var asked []string
		at := func(name string) string {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				user, _, _ := r.BasicAuth()
				asked = append(asked, name+" as "+user+" "+r.Method+" "+r.URL.RequestURI())
			}))
			t.Cleanup(server.Close)
			return server.URL
		}
		x, err := NewExperimenter(Config{
			BaseURL: at("conversations"), ChatURL: at("chat"), MediaURL: at("media"), EventsURL: at("events"),
			Username: "target", Password: "p", HTTP: patient(t),
		})
		require.NoError(t, err)
		for _, host := range []migrate.ProbeHost{migrate.TargetConversations, migrate.TargetChat, migrate.TargetMedia, migrate.TargetEvents} {
			_, err := x.Try(t.Context(), migrate.Trial{Host: host, Method: http.MethodGet, Target: "https://elsewhere.example/v1/Services?PageToken=PT.1"})
			require.NoError(t, err)
		}
		_, err = x.Try(t.Context(), migrate.Trial{Host: migrate.SourceChat, Method: http.MethodGet, Target: "/v1/Services"})
		require.Equal(t, migrate.Usage, migrate.KindOf(err))
		const asks = " as target GET /v1/Services?PageToken=PT.1"
		require.Equal(t, []string{"conversations" + asks, "chat" + asks, "media" + asks, "events" + asks}, asked)
	})
	t.Run("does not send the credentials of another place to Twilio", func(t *testing.T) {
		x := experimenter(t, func(http.ResponseWriter, *http.Request) {})
		for host, flag := range map[migrate.ProbeHost]string{migrate.TargetChat: "--chat-url", migrate.TargetMedia: "--media-url", migrate.TargetEvents: "--events-url"} {
			_, err := x.Try(t.Context(), migrate.Trial{Host: host, Method: http.MethodGet, Target: "/v1/Services"})
			require.Equal(t, migrate.Usage, migrate.KindOf(err))
			require.Contains(t, migrate.HintOf(err), flag)
		}
	})
	t.Run("sends a form, a file and headers as they are", func(t *testing.T) {
		var got []string
		x := experimenter(t, func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			got = append(got, r.Header.Get("Content-Type"), string(body), r.Header.Get("X-Twilio-Mutation-Id"))
		})
		_, err := x.Try(t.Context(), migrate.Trial{Host: migrate.TargetConversations, Method: http.MethodPost, Target: "/v1/Services", Form: url.Values{"Body": {""}}, Header: http.Header{"X-Twilio-Mutation-Id": {"1"}}})
		require.NoError(t, err)
		_, err = x.Try(t.Context(), migrate.Trial{Host: migrate.TargetConversations, Method: http.MethodPost, Target: "/v1/Services", File: []byte("bytes"), FileType: "text/plain"})
		require.NoError(t, err)
		require.Equal(t, []string{"application/x-www-form-urlencoded", "Body=", "1", "text/plain", "bytes", ""}, got)
	})
	t.Run("asks for no webhooks, however the header is written, and leaves no segment empty", func(t *testing.T) {
		x := experimenter(t, func(http.ResponseWriter, *http.Request) { t.Error("it was sent") })
		for _, one := range []migrate.Trial{
			{Target: "/v1/Services", Header: http.Header{"X-Twilio-Webhook-Enabled": {"true"}}},
			{Target: "/v1/Services", Header: http.Header{"x-twilio-webhook-enabled": {"true"}}},
			{Target: "/v1/Services/"}, {Target: "/v1/Services//Roles?PageSize=1"}, {Target: "/v1/\x7f"},
		} {
			one.Host, one.Method = migrate.TargetConversations, http.MethodPost
			_, err := x.Try(t.Context(), one)
			require.Error(t, err)
		}
	})
	t.Run("sends a write once, and what may be repeated again", func(t *testing.T) {
		var sent atomic.Int64
		x := experimenter(t, func(w http.ResponseWriter, _ *http.Request) {
			sent.Add(1)
			w.WriteHeader(http.StatusServiceUnavailable)
		})
		r, err := x.Try(t.Context(), migrate.Trial{Host: migrate.TargetConversations, Method: http.MethodPost, Target: "/v1/Services"})
		require.NoError(t, err)
		require.Equal(t, http.StatusServiceUnavailable, r.Status)
		require.Equal(t, int64(1), sent.Load())
		_, err = x.Try(t.Context(), migrate.Trial{Host: migrate.TargetConversations, Method: http.MethodDelete, Target: "/v1/Services/IS1", Repeat: true})
		require.NoError(t, err)
		require.Greater(t, sent.Load(), int64(2))
	})
	// Whether a request arrived before its connection was reset, nobody knows.
	for name, after := range map[string]time.Duration{"at once": time.Nanosecond, "a moment later": time.Millisecond} {
		t.Run("lets go of a connection "+name+", and of the request it is not known whether it landed", func(t *testing.T) {
			var sent atomic.Int64
			t.Cleanup(func() { require.LessOrEqual(t, sent.Load(), int64(1)) }) // once the server is closed
			over := make(chan struct{})
			x := experimenter(t, func(_ http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				sent.Add(1)
				<-over
			})
			defer close(over)
			_, err := x.Try(t.Context(), migrate.Trial{Host: migrate.TargetConversations, Method: http.MethodPost, Target: "/v1/Services", Form: url.Values{"Body": {"x"}}, Cut: after})
			require.Equal(t, migrate.InDoubt, migrate.KindOf(err), "%v", err)
			require.ErrorIs(t, err, errCut)
		})
	}
	t.Run("cuts so long after the request was written, once", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var cut []time.Duration
			held := base(func(r *http.Request) (*http.Response, error) {
				time.Sleep(time.Minute) // until it is written
				written := time.Now()
				httptrace.ContextClientTrace(r.Context()).WroteRequest(httptrace.WroteRequestInfo{})
				<-r.Context().Done()
				cut = append(cut, time.Since(written))
				return nil, context.Cause(r.Context())
			})
			x, err := NewExperimenter(held.config())
			require.NoError(t, err)
			for _, after := range []time.Duration{time.Nanosecond, 7 * time.Second} {
				_, err = x.Try(t.Context(), migrate.Trial{Host: migrate.TargetConversations, Method: http.MethodPost, Target: "/v1/Services", Cut: after})
				require.Equal(t, migrate.InDoubt, migrate.KindOf(err), "%v", err)
				require.ErrorIs(t, err, errCut)
			}
			require.Equal(t, []time.Duration{0, 7 * time.Second}, cut)
		})
	})
	t.Run("returns an answer that comes before the cut", func(t *testing.T) {
		x := experimenter(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusCreated) })
		r, err := x.Try(t.Context(), migrate.Trial{Host: migrate.TargetConversations, Method: http.MethodPost, Target: "/v1/Services", Cut: time.Hour})
		require.NoError(t, err)
		require.Equal(t, http.StatusCreated, r.Status)
	})
	t.Run("what was not sent is not in doubt", func(t *testing.T) {
		refused := base(func(*http.Request) (*http.Response, error) {
			return nil, &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
		})
		x, err := NewExperimenter(refused.config())
		require.NoError(t, err)
		_, err = x.Try(t.Context(), migrate.Trial{Host: migrate.TargetConversations, Method: http.MethodPost, Target: "/v1/Services"})
		require.Equal(t, migrate.Unavailable, migrate.KindOf(err))
		lost := base(func(*http.Request) (*http.Response, error) { return nil, errors.New("reset") })
		x, err = NewExperimenter(lost.config())
		require.NoError(t, err)
		_, err = x.Try(t.Context(), migrate.Trial{Host: migrate.TargetConversations, Method: http.MethodPost, Target: "/v1/Services"})
		require.Equal(t, migrate.InDoubt, migrate.KindOf(err))
	})
}
