package metrics_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/metrics"
)

func serve(t *testing.T, addr string, h http.Handler) *metrics.Server {
	t.Helper()
	s, err := metrics.Serve(addr, h)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// fetch asks without leaving a connection behind.
func fetch(t *testing.T, url string) (status int, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	req.Close = true
	resp, err := (&http.Transport{Proxy: nil}).RoundTrip(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(raw)
}

func TestServe(t *testing.T) {
	t.Run("an address without a host is this machine", func(t *testing.T) {
		s := serve(t, ":0", metrics.New().Handler())
		require.True(t, strings.HasPrefix(s.URL, "http://127.0.0.1:"), s.URL)
		require.False(t, s.Public)
		status, body := fetch(t, s.URL)
		require.Equal(t, http.StatusOK, status)
		require.Contains(t, body, "chatbridge_backlog_messages 0\n")
	})
	t.Run("a host that others can reach has to be named, and is called public", func(t *testing.T) {
		s, err := metrics.Serve("0.0.0.0:0", metrics.New().Handler())
		require.NoError(t, err)
		require.True(t, s.Public)
		require.NoError(t, s.Close())
	})
	t.Run("nothing else is served", func(t *testing.T) {
		s := serve(t, "127.0.0.1:0", metrics.New().Handler())
		status, _ := fetch(t, strings.TrimSuffix(s.URL, "/metrics")+"/debug/pprof/")
		require.Equal(t, http.StatusNotFound, status)
	})
	t.Run("an address that is taken, or none, is an error", func(t *testing.T) {
		s := serve(t, "127.0.0.1:0", metrics.New().Handler())
		taken := strings.TrimSuffix(strings.TrimPrefix(s.URL, "http://"), "/metrics")
		for _, addr := range []string{taken, "9090", "127.0.0.1:port", ""} {
			_, err := metrics.Serve(addr, metrics.New().Handler())
			require.Error(t, err, addr)
		}
	})
	t.Run("closing does not wait for who never ends", func(t *testing.T) {
		asked, release := make(chan struct{}), make(chan struct{})
		s, err := metrics.Serve("127.0.0.1:0", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			close(asked)
			<-r.Context().Done()
			close(release)
		}))
		require.NoError(t, err)
		ended := make(chan error, 1)
		go func() {
			req, _ := http.NewRequest(http.MethodGet, s.URL, nil)
			_, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
			ended <- err
		}()
		<-asked
		require.NoError(t, s.Close())
		<-release
		require.Error(t, <-ended)
	})
}
