package migrate_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/emulator/faults"
	"chatbridge/migrate/sqlite"
	"chatbridge/migrate/transport"
	"chatbridge/migrate/twilio"
)

var (
	seeds = flag.Int("seeds", 50, "how many scenarios the torture test draws")
	seed  = flag.Int("seed", -1, "run only the scenario of this seed")
)

// TestTorture draws workspaces, faults, kills and restarts from seeds. However
// a scenario goes, in the end the target must equal the mapped source.
func TestTorture(t *testing.T) {
	first, last := 0, *seeds
	if *seed >= 0 {
		first, last = *seed, *seed+1
	}
	generator := scenarios()
	total := &struck{faults: map[faults.Kind]int64{}}
	for n := first; n < last; n++ {
		ok := t.Run("", func(t *testing.T) {
			s := generator.Example(n)
			synctest.Test(t, func(t *testing.T) { torture(t, s, total) })
		})
		if !ok {
			t.Errorf("seed %d failed; repeat it with: go test ./migrate -run TestTorture -seed %d -v", n, n)
		}
	}
	t.Logf("seeds %d to %d: %d kills, faults: %v", first, last-1, total.kills, total.faults)
	if *seed < 0 && *seeds >= 50 {
		require.NotZero(t, total.kills)
		require.Greater(t, len(total.faults), len(faults.Kinds())/2)
	}
}

// struck counts what happened over all scenarios, so that a test that injects
// nothing is noticed.
type struck struct {
	mu     sync.Mutex
	faults map[faults.Kind]int64
	kills  int
}

func (s *struck) add(f map[faults.Kind]int64, kills int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k, n := range f {
		s.faults[k] += n
	}
	s.kills += kills
}

func torture(t *testing.T, s scenario, total *struck) {
	plan, err := faults.Parse(fmt.Sprintf("seed=%d,rate=%g", s.FaultSeed, s.Rate))
	require.NoError(t, err)
	r := newRig(t, emulator.Config{
		Archive: s.archive(), Seed: s.FaultSeed, Intercept: plan.Intercept, Unkind: emulator.Unkind{IndexGaps: 0.3},
	})
	r.settings.Concurrency, r.settings.Settle = s.Concurrency, s.Settle
	r.patience.Jitter = transport.Seeded(s.FaultSeed)
	kills := 0
	for i, k := range s.Kills {
		plan.NewClient()
		if r.killed(t, k) {
			kills++
			if s.LoseLedger[i] {
				r.ledger = filepath.Join(t.TempDir(), "new.db")
			}
		}
	}
	sum := r.untilDone(t)
	require.Equal(t, migrate.Complete, sum.Status, "%+v", sum.Failures)
	plan.Close()
	total.add(plan.Counts(), kills)
	v, differences := r.verify(t.Context())
	require.Empty(t, differences)
	require.True(t, v.Equal)
	stats := r.emulator.Stats()
	require.Zero(t, stats.Pushes)
	require.Zero(t, stats.Webhooks)
	require.Zero(t, stats.RefusedSourceWrites)
	again, err := r.migrate(t.Context())
	require.NoError(t, err)
	require.Zero(t, again.Requests.Writes)
}

// untilDone runs as an operator would: again, as long as it says that running
// again can succeed.
func (r *rig) untilDone(t *testing.T) migrate.Summary {
	t.Helper()
	for range 10 {
		s, err := r.migrate(t.Context())
		if err == nil && s.Status == migrate.Complete {
			return s
		}
		t.Logf("run ended %s: %v %+v", s.Status, err, s.Failures)
	}
	t.Fatal("ten runs did not finish the migration")
	return migrate.Summary{}
}

// killed runs a migration whose process is gone at a write: nothing of it
// reaches the emulator after that, and the ledger keeps what it had committed.
func (r *rig) killed(t *testing.T, k kill) bool {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	l, err := sqlite.Open(ctx, r.ledger)
	require.NoError(t, err)
	after := filepath.Join(t.TempDir(), "chatbridge.db")
	g := &guillotine{at: k, fall: func() {
		copyLedger(t, r.ledger, after)
		cancel()
	}}
	counter := &transport.Counter{}
	source, target := r.drivers(counter, g)
	m := migrate.Migration{Source: source, Target: target, Ledger: l, Observer: r.events, Settings: r.settings, Traffic: counter.Traffic}
	_, err = m.Run(ctx)
	require.NoError(t, l.Close())
	if g.fallen.Load() {
		require.Error(t, err)
		if !k.Cut {
			r.ledger = after
		}
	}
	return g.fallen.Load()
}

// drivers are both sides with a cut in the connection.
func (r *rig) drivers(c *transport.Counter, g *guillotine) (*twilio.Source, *twilio.Target) {
	stack := func(h http.Handler) http.RoundTripper {
		return transport.New(transport.Options{Base: g.wrap(faults.Direct{Handler: h}), Concurrency: 32, Counter: c, Patience: r.patience})
	}
	source, err := twilio.NewSource(twilio.Config{
		BaseURL: "http://127.0.0.1:1", Username: emulator.DefaultAccountSID, Password: emulator.DefaultAuthToken,
		HTTP: transport.ReadOnly(stack(r.emulator.Chat())),
	})
	require.NoError(r.t, err)
	target, err := twilio.NewTarget(twilio.Config{
		BaseURL: "http://127.0.0.1:2", ChatURL: "http://127.0.0.1:1",
		Username: emulator.DefaultAccountSID, Password: emulator.DefaultAuthToken,
		HTTP: stack(r.hosts()),
	})
	require.NoError(r.t, err)
	return source, target
}

var errKilled = errors.New("the process is gone")

type guillotine struct {
	at     kill
	fall   func()
	writes atomic.Int64
	fallen atomic.Bool
}

func (g *guillotine) wrap(next http.RoundTripper) http.RoundTripper {
	return roundTrip(func(r *http.Request) (*http.Response, error) {
		if g.fallen.Load() {
			return nil, errKilled
		}
		if r.Method == http.MethodGet || g.writes.Add(1) != int64(g.at.Write) {
			return next.RoundTrip(r)
		}
		if g.at.After {
			if _, err := next.RoundTrip(r); err != nil {
				return nil, err
			}
		}
		g.fallen.Store(true)
		g.fall()
		return nil, errKilled
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// copyLedger copies a ledger as a crash would leave it.
func copyLedger(t *testing.T, from, to string) {
	for _, suffix := range []string{"", "-wal"} {
		raw, err := os.ReadFile(from + suffix)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			t.Error(err)
			return
		}
		if err := os.WriteFile(to+suffix, raw, 0o600); err != nil {
			t.Error(err)
		}
	}
}
