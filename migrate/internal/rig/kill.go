package rig

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/emulator/faults"
	"chatbridge/migrate/ledgertest"
	"chatbridge/migrate/replay"
	"chatbridge/migrate/sqlite"
	"chatbridge/migrate/transport"
	"chatbridge/migrate/twilio"
)

// UntilDone runs as an operator would: again, as long as it says that running
// again can succeed.
func (r *Rig) UntilDone(t *testing.T) replay.Summary {
	t.Helper()
	for range 10 {
		s, err := r.Migrate(t.Context())
		if err == nil && s.Status == migrate.Complete {
			return s
		}
		t.Logf("run ended %s: %v %+v", s.Status, err, s.Failures)
	}
	t.Fatal("ten runs did not finish the migration")
	return replay.Summary{}
}

// Killed runs a migration whose process is gone at a write: nothing of it
// reaches the emulator after that, and the ledger keeps what it had committed.
func (r *Rig) Killed(t *testing.T, k Kill) bool {
	t.Helper()
	return r.killed(t, k, func(ctx context.Context, source migrate.Source, target migrate.Target, l migrate.Ledger, c *transport.Counter) {
		m := replay.Migration{Source: source, Target: target, Ledger: l, Observer: r.Events, Settings: r.Settings, Traffic: c.Traffic}
		_, _ = m.Run(ctx) // no error if the kill comes at its last write, by which it lets go of its claim
	})
}

func (r *Rig) killed(t *testing.T, k Kill, run func(context.Context, migrate.Source, migrate.Target, migrate.Ledger, *transport.Counter)) bool {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	l, err := sqlite.Open(ctx, r.Ledger)
	require.NoError(t, err)
	after := filepath.Join(ledgertest.Dir(t), "chatbridge.db")
	g := &guillotine{at: k, fall: func() {
		copyLedger(t, r.Ledger, after)
		cancel()
	}}
	counter := &transport.Counter{}
	source, target := r.drivers(counter, g)
	run(ctx, source, target, l, counter)
	require.NoError(t, l.Close())
	if g.fallen.Load() && !k.Cut {
		copyLedger(t, after, r.Ledger) // into the same file, as a kill leaves it
	}
	if g.late != nil {
		time.AfterFunc(k.Late, g.late)
	}
	return g.fallen.Load()
}

// drivers are both sides with a cut in the connection.
func (r *Rig) drivers(c *transport.Counter, g *guillotine) (*twilio.Source, *twilio.Target) {
	stack := func(h http.Handler) http.RoundTripper {
		return transport.New(transport.Options{Base: g.wrap(faults.Direct{Handler: h}), InFlight: transport.InFlight{Most: 32}, Counter: c, Patience: r.Patience})
	}
	source, err := twilio.NewSource(twilio.Config{
		BaseURL: "http://127.0.0.1:1", ConversationsURL: "http://127.0.0.1:2", MediaURL: "http://127.0.0.1:3", API: r.API, Username: emulator.DefaultAccountSID, Password: emulator.DefaultAuthToken,
		HTTP: transport.ReadOnly(stack(r.hosts())),
	})
	require.NoError(r.t, err)
	target, err := twilio.NewTarget(twilio.Config{
		BaseURL: "http://127.0.0.1:2", ChatURL: "http://127.0.0.1:1", MediaURL: "http://127.0.0.1:3",
		Username: emulator.DefaultAccountSID, Password: emulator.DefaultAuthToken,
		HTTP: stack(r.hosts()),
	})
	require.NoError(r.t, err)
	return source, target
}

var errKilled = errors.New("the process is gone")

type guillotine struct {
	at     Kill
	fall   func()
	late   func() // nil if nothing is underway
	writes atomic.Int64
	fallen atomic.Bool
}

func (g *guillotine) wrap(next http.RoundTripper) http.RoundTripper {
	return roundTrip(func(r *http.Request) (*http.Response, error) {
		switch {
		case g.fallen.Load() && g.at.Cut:
			return nil, errKilled
		case g.fallen.Load():
			return final(r), nil
		}
		if r.Method == http.MethodGet || g.writes.Add(1) != int64(g.at.Write) {
			return next.RoundTrip(r)
		}
		if g.at.After {
			if _, err := next.RoundTrip(r); err != nil {
				return nil, err
			}
		}
		if g.at.Late > 0 {
			late, err := underway(r)
			if err != nil {
				return nil, err
			}
			g.late = func() { _, _ = next.RoundTrip(late) }
		}
		g.fallen.Store(true)
		g.fall()
		return nil, errKilled
	})
}

// underway is a request that has left its process, so that nothing calls it back.
func underway(r *http.Request) (*http.Request, error) {
	late := r.Clone(context.WithoutCancel(r.Context()))
	if r.Body == nil {
		return late, nil
	}
	body, err := io.ReadAll(r.Body)
	late.Body = io.NopCloser(bytes.NewReader(body))
	return late, err
}

// final is an answer after which nobody tries again: a process that is gone takes no time
// to end.
func final(r *http.Request) *http.Response {
	w := httptest.NewRecorder()
	emulator.Refusal(http.StatusUnauthorized, 20003, "%s", errKilled).WriteTo(w)
	reply := w.Result()
	reply.Request = r
	return reply
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

// KilledAgo makes the ledger say that its last run was killed, and was seen that
// long ago.
func (r *Rig) KilledAgo(t *testing.T, ago time.Duration) {
	t.Helper()
	l, err := sqlite.Open(t.Context(), r.Ledger)
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	now := time.Now()
	require.NoError(t, l.PutRun(t.Context(), migrate.RunRecord{
		ID: "killed", StartedAt: now, HeartbeatAt: now.Add(-ago), Status: migrate.RunningStatus,
	}))
}

// EndedAs records that the last run ended a second ago in some way.
func (r *Rig) EndedAs(t *testing.T, status string) {
	t.Helper()
	l, err := sqlite.Open(t.Context(), r.Ledger)
	require.NoError(t, err)
	last, ok, err := l.LastRun(t.Context())
	require.NoError(t, err)
	require.True(t, ok)
	at := time.Now().Add(-time.Second)
	last.Status, last.EndedAt = status, at
	require.NoError(t, l.PutRun(t.Context(), last))
	require.NoError(t, l.Close())
}
