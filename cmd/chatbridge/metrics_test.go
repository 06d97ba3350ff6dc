package main

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/emulator"
)

// announced gives the address that a command says that its metrics are at.
func announced(w io.Writer) (io.Writer, <-chan string) {
	found := make(chan string, 1)
	return writerFunc(func(b []byte) (int, error) {
		if url, ok := strings.CutPrefix(string(b), "Metrics: "); ok {
			found <- strings.TrimSpace(url)
		}
		return w.Write(b)
	}), found
}

// scrape asks without leaving a connection behind.
func scrape(url string) (string, error) {
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	return string(raw), err
}

func TestMigrateMetrics(t *testing.T) {
	t.Parallel()
	t.Run("are served while it runs, and no longer", func(t *testing.T) {
		var (
			url    <-chan string
			writes atomic.Int64
			once   sync.Once
			at     string
			seen   string
			failed error
		)
		server := sampleServer(t, func(w http.ResponseWriter, _ *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
			if x.Write() && writes.Add(1) >= 300 {
				once.Do(func() {
					at = <-url
					seen, failed = scrape(at)
				})
			}
			commit().WriteTo(w)
		})
		r := newRig(t, server, "", false)
		r.Yes, r.MetricsAddr = true, ":0"
		r.console.err, url = announced(r.console.err)
		require.NoError(t, runMigrate(t.Context(), r.migrateOptions))
		require.NoError(t, failed)
		require.True(t, strings.HasPrefix(at, "http://127.0.0.1:"), at)
		for _, series := range []string{
			`chatbridge_requests_total{code="201",host="` + strings.TrimPrefix(server.ConversationsURL, "http://") + `",method="POST"}`,
			"chatbridge_request_duration_seconds_bucket", "chatbridge_lanes ", "chatbridge_backlog_messages ",
			"chatbridge_throttled_seconds_total ", "chatbridge_retries_total ", "chatbridge_findings_total{", "chatbridge_entities_done_total{",
		} {
			require.Contains(t, seen, series)
		}
		require.NotContains(t, seen, emulator.DefaultAuthToken)
		_, err := scrape(at)
		require.Error(t, err)
	})
	t.Run("an address that cannot be served is refused before anything is asked", func(t *testing.T) {
		server := sampleServer(t, nil)
		r := newRig(t, server, "", false)
		r.Yes, r.MetricsAddr = true, strings.TrimPrefix(server.ChatURL, "http://")
		err := runMigrate(t.Context(), r.migrateOptions)
		require.Equal(t, exitUsage, statusOf(err))
		require.Contains(t, hintOf(err), "--metrics-addr")
		require.Zero(t, server.Stats().Chat.Reads)
		require.NoFileExists(t, r.Ledger)
	})
	t.Run("who lets other machines read them is warned", func(t *testing.T) {
		s := newScreen("", false)
		m, err := (&metricsOption{MetricsAddr: "0.0.0.0:0"}).measure(&connectionOptions{}, s.console)
		require.NoError(t, err)
		require.NoError(t, m.Close())
		require.Contains(t, s.stderr.String(), "warning: other machines can read")
	})
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }
