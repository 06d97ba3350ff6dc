package metrics_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/metrics"
)

func TestServeProfiles(t *testing.T) {
	profiles := func(t *testing.T, addr string) *metrics.Server {
		t.Helper()
		s, err := metrics.ServeProfiles(addr)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, s.Close()) })
		return s
	}
	t.Run("are there for this machine, where go tool pprof looks", func(t *testing.T) {
		s := profiles(t, ":0")
		require.Regexp(t, `^http://127\.0\.0\.1:\d+/debug/pprof/$`, s.URL)
		require.False(t, s.Public)
		status, list := fetch(t, s.URL)
		require.Equal(t, http.StatusOK, status)
		for _, name := range []string{"goroutine", "heap", "allocs", "block", "mutex"} {
			require.Contains(t, list, name+"\n")
			status, body := fetch(t, s.URL+name)
			require.Equal(t, http.StatusOK, status, name)
			require.True(t, strings.HasPrefix(body, "\x1f\x8b"), "%s is compressed, as pprof has it", name)
		}
		_, text := fetch(t, s.URL+"goroutine?debug=1")
		require.Contains(t, text, "goroutine profile: total")
		status, body := fetch(t, s.URL+"profile?seconds=0.01")
		require.Equal(t, http.StatusOK, status)
		require.True(t, strings.HasPrefix(body, "\x1f\x8b"))
	})
	t.Run("nothing else is served", func(t *testing.T) {
		s := profiles(t, "127.0.0.1:0")
		for _, path := range []string{"cmdline", "symbol", "none"} {
			status, _ := fetch(t, s.URL+path)
			require.Equal(t, http.StatusNotFound, status, path)
		}
		for _, seconds := range []string{"0", "3601", "-1", "x", "NaN"} {
			status, _ := fetch(t, s.URL+"profile?seconds="+seconds)
			require.Equal(t, http.StatusBadRequest, status, seconds)
		}
	})
	t.Run("are not on the mux that every package can reach", func(t *testing.T) {
		profiles(t, ":0")
		req, err := http.NewRequest(http.MethodGet, "http://127.0.0.1/debug/pprof/heap", nil)
		require.NoError(t, err)
		_, pattern := http.DefaultServeMux.Handler(req)
		require.Empty(t, pattern)
	})
	t.Run("an address that other machines could reach is refused", func(t *testing.T) {
		for _, addr := range []string{"0.0.0.0:0", "[::]:0", "192.0.2.1:0", "8.8.8.8:6060"} {
			_, err := metrics.ServeProfiles(addr)
			require.ErrorIs(t, err, metrics.ErrNotLoopback, addr)
		}
	})
	t.Run("an address that is taken, or none, is an error", func(t *testing.T) {
		s := profiles(t, "127.0.0.1:0")
		taken := strings.TrimSuffix(strings.TrimPrefix(s.URL, "http://"), "/debug/pprof/")
		for _, addr := range []string{taken, "6060", "127.0.0.1:port", ""} {
			_, err := metrics.ServeProfiles(addr)
			require.Error(t, err, addr)
		}
	})
	t.Run("closing ends a recording", func(t *testing.T) {
		s, err := metrics.ServeProfiles(":0")
		require.NoError(t, err)
		req, err := http.NewRequest(http.MethodGet, s.URL+"profile?seconds=3600", nil)
		require.NoError(t, err)
		resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req) // returns when it has begun
		require.NoError(t, err)
		defer resp.Body.Close()
		require.Equal(t, http.StatusOK, resp.StatusCode)
		require.NoError(t, s.Close())
		_, err = io.ReadAll(resp.Body)
		require.Error(t, err, "it is cut off")
	})
}
