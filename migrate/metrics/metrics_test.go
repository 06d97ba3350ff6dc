package metrics_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/emulator/faults"
	"chatbridge/migrate/ledgertest"
	"chatbridge/migrate/metrics"
	"chatbridge/migrate/replay"
	"chatbridge/migrate/sqlite"
	"chatbridge/migrate/transport"
	"chatbridge/migrate/twilio"
)

// silent is an observer that nobody looks at.
type silent struct{}

func (silent) Total(string, int64) {}
func (silent) Done(string, int64)  {}
func (silent) Event(migrate.Event) {}

// migrated runs a migration of the edge cases, calls during once in the middle
// of it, and returns what the engine says about it.
func migrated(t *testing.T, m *metrics.Metrics, during func()) replay.Summary {
	t.Helper()
	var writes atomic.Int64
	var once sync.Once
	e, err := emulator.New(emulator.Config{
		Archive: os.DirFS(filepath.Join("..", "..", "testdata", "workspaces", "edge-cases")),
		Intercept: func(w http.ResponseWriter, _ *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
			if x.Write() && writes.Add(1) >= 40 {
				once.Do(during)
			}
			commit().WriteTo(w)
		},
	})
	require.NoError(t, err)
	counter := &transport.Counter{}
	m.Traffic(counter.Traffic)
	config := func(host string, h http.Handler) twilio.Config {
		return twilio.Config{
			BaseURL: host, Username: emulator.DefaultAccountSID, Password: emulator.DefaultAuthToken,
			HTTP: transport.New(transport.Options{Base: faults.Direct{Handler: h}, Counter: counter, Observer: m.Request}),
		}
	}
	source, err := twilio.NewSource(config("http://127.0.0.1:1", e.Chat()))
	require.NoError(t, err)
	target, err := twilio.NewTarget(config("http://127.0.0.1:2", e.Conversations()))
	require.NoError(t, err)
	ledger, err := sqlite.Open(t.Context(), filepath.Join(ledgertest.Dir(t), "l.db"))
	require.NoError(t, err)
	defer func() { require.NoError(t, ledger.Close()) }()
	run := replay.Migration{
		Source: source, Target: target, Ledger: ledger, Observer: m.Observer(silent{}),
		Settings: migrate.Settings{Concurrency: 4, Settle: 10 * time.Millisecond}, Traffic: counter.Traffic, Began: m.Progress,
	}
	summary, err := run.Run(t.Context())
	require.NoError(t, err)
	return summary
}

func TestMetrics(t *testing.T) {
	m := metrics.New()
	s := serve(t, "127.0.0.1:0", m.Handler())
	var halfway string
	summary := migrated(t, m, func() { _, halfway = fetch(t, s.URL) })
	_, after := fetch(t, s.URL)

	t.Run("a run that goes on has lanes at work and a backlog", func(t *testing.T) {
		require.Positive(t, value(t, halfway, "chatbridge_lanes"))
		require.Positive(t, value(t, halfway, "chatbridge_backlog_messages"))
		require.Positive(t, value(t, halfway, `chatbridge_requests_total{code="200",host="127.0.0.1:1",method="GET"}`))
		require.Less(t, value(t, halfway, `chatbridge_entities_done_total{kind="messages"}`), value(t, after, `chatbridge_entities_done_total{kind="messages"}`))
	})
	t.Run("a run that ended has neither", func(t *testing.T) {
		require.Zero(t, value(t, after, "chatbridge_lanes"))
		require.Zero(t, value(t, after, "chatbridge_backlog_messages"))
	})
	t.Run("they agree with the summary", func(t *testing.T) {
		require.EqualValues(t, summary.Counts[migrate.KindUsers].Source, value(t, after, `chatbridge_entities_known{kind="users"}`))
		c := summary.Counts[migrate.KindMessages]
		require.EqualValues(t, c.Written+c.Existing+c.Failed, value(t, after, `chatbridge_entities_done_total{kind="messages"}`))
		require.NotEmpty(t, summary.Findings)
		for _, f := range summary.Findings {
			require.EqualValues(t, f.Count, value(t, after, `chatbridge_findings_total{code="`+string(f.Code)+`"}`))
		}
		require.EqualValues(t, summary.Requests.Retried, value(t, after, "chatbridge_retries_total"))
		var requests float64
		for line := range strings.Lines(after) {
			if name, _, _ := strings.Cut(line, " "); strings.HasPrefix(name, "chatbridge_requests_total") {
				requests += value(t, after, name)
			}
		}
		require.EqualValues(t, summary.Requests.Reads+summary.Requests.Writes, requests)
		require.Contains(t, after, `chatbridge_request_duration_seconds_bucket{host="127.0.0.1:2",method="POST",le="10"}`)
	})
	t.Run("they are as Prometheus wants them", func(t *testing.T) {
		problems, err := promlint.New(strings.NewReader(after)).Lint()
		require.NoError(t, err)
		require.Empty(t, problems)
	})
}

func TestRequests(t *testing.T) {
	t.Run("no reply is a code of its own", func(t *testing.T) {
		m := metrics.New()
		m.Request("chat.twilio.com", "", 0, time.Second)
		_, body := fetch(t, serve(t, ":0", m.Handler()).URL)
		require.EqualValues(t, 1, value(t, body, `chatbridge_requests_total{code="none",host="chat.twilio.com",method="GET"}`))
	})
	t.Run("time waited because of throttling is in seconds", func(t *testing.T) {
		m := metrics.New()
		m.Traffic(func() migrate.Traffic { return migrate.Traffic{Throttled: 3, ThrottledTime: 1500 * time.Millisecond} })
		_, body := fetch(t, serve(t, ":0", m.Handler()).URL)
		require.InDelta(t, 1.5, value(t, body, "chatbridge_throttled_seconds_total"), 1e-9)
		require.EqualValues(t, 3, value(t, body, "chatbridge_throttled_responses_total"))
	})
}
