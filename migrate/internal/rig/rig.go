package rig

import (
	"context"
	"io/fs"
	"net/http"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/archive"
	"chatbridge/migrate/audit"
	"chatbridge/migrate/doctor"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/emulator/faults"
	"chatbridge/migrate/ledgertest"
	"chatbridge/migrate/pace"
	"chatbridge/migrate/replay"
	"chatbridge/migrate/sqlite"
	"chatbridge/migrate/transport"
	"chatbridge/migrate/twilio"
	"chatbridge/migrate/undo"
	"chatbridge/migrate/verify"
)

// Rig is both sides of a migration with the emulator between them. Requests
// reach it without a socket, so that a test can run on synctest's clock.
type Rig struct {
	t        *testing.T
	Emulator *emulator.Emulator
	Ledger   string
	Settings migrate.Settings
	Patience transport.Patience
	Events   *Events
	Sidecar  migrate.Sidecar
	Aps      float64 // of the client's own pace
	API      string  // of Chat; empty stands for v1
	InFlight transport.InFlight
	Meter    *pace.Meter

	// Around, where it is not nil, stands before the hosts of the emulator.
	Around func(http.Handler) http.Handler

	of *stack
}

// stack is the transport of the run that counts with one counter.
type stack struct {
	mu      sync.Mutex
	counter *transport.Counter
	rt      http.RoundTripper
}

func NewRig(t *testing.T, c emulator.Config) *Rig {
	t.Helper()
	e, err := emulator.New(c)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, e.Close()) })
	return &Rig{
		t: t, Emulator: e, Ledger: filepath.Join(ledgertest.Dir(t), "chatbridge.db"),
		Settings: migrate.Settings{Concurrency: 8, Settle: 10 * time.Second},
		Events:   &Events{}, of: &stack{}, Meter: &pace.Meter{},
	}
}

// both is the transport that both sides of a run have in common: a run counts its
// requests with one counter.
func (r *Rig) both(c *transport.Counter) http.RoundTripper {
	r.of.mu.Lock()
	defer r.of.mu.Unlock()
	if r.of.counter != c || c == nil {
		r.of.rt, r.of.counter = r.Transport(r.hosts(), c), c
	}
	return r.of.rt
}

func (r *Rig) Transport(h http.Handler, c *transport.Counter) http.RoundTripper {
	return transport.New(transport.Options{
		Base: faults.Direct{Handler: h}, InFlight: r.InFlight, Counter: c, Patience: r.Patience, APS: r.Aps, Observer: r.Meter.Request,
	})
}

func (r *Rig) Source(c *transport.Counter) *twilio.Source {
	s, err := twilio.NewSource(twilio.Config{
		BaseURL: "http://127.0.0.1:1", ConversationsURL: "http://127.0.0.1:2", MediaURL: "http://127.0.0.1:3", API: r.API, Username: emulator.DefaultAccountSID, Password: emulator.DefaultAuthToken, Fetchers: r.InFlight.Most,
		HTTP: transport.ReadOnly(r.both(c)),
	})
	require.NoError(r.t, err)
	return s
}

func (r *Rig) Target(c *transport.Counter) *twilio.Target {
	t, err := twilio.NewTarget(twilio.Config{
		BaseURL: "http://127.0.0.1:2", ChatURL: "http://127.0.0.1:1", MediaURL: "http://127.0.0.1:3",
		Username: emulator.DefaultAccountSID, Password: emulator.DefaultAuthToken,
		HTTP: r.both(c),
	})
	require.NoError(r.t, err)
	return t
}

// hosts are the hosts of the emulator, by the address that a request is for.
func (r *Rig) hosts() http.Handler {
	hosts := http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		switch req.Host {
		case "127.0.0.1:1":
			r.Emulator.Chat().ServeHTTP(w, req)
		case "127.0.0.1:3":
			r.Emulator.Media().ServeHTTP(w, req)
		default:
			r.Emulator.Conversations().ServeHTTP(w, req)
		}
	})
	if r.Around != nil {
		return r.Around(hosts)
	}
	return hosts
}

// Migrate runs a migration as a new process would, on the rig's ledger.
func (r *Rig) Migrate(ctx context.Context, with ...func(*replay.Migration)) (replay.Summary, error) {
	r.t.Helper()
	l, err := sqlite.Open(ctx, r.Ledger)
	require.NoError(r.t, err)
	defer func() { require.NoError(r.t, l.Close()) }()
	counter := &transport.Counter{}
	m := replay.Migration{
		Source: migrate.Counted(r.Source(counter)), Target: r.Target(counter), Ledger: l,
		Observer: r.Events, Settings: r.Settings, Traffic: counter.Traffic, Sidecar: r.Sidecar,
	}
	for _, f := range with {
		f(&m)
	}
	return m.Run(ctx)
}

// Verify compares both sides without a ledger.
func (r *Rig) Verify(ctx context.Context) (verify.Verification, []verify.Difference) {
	r.t.Helper()
	counter := &transport.Counter{}
	var all []verify.Difference
	v := verify.Verifier{Source: migrate.Counted(r.Source(counter)), Target: r.Target(counter), Observer: r.Events, Settings: r.Settings}
	got, err := v.Run(ctx, func(d verify.Difference) { all = append(all, d) })
	require.NoError(r.t, err)
	return got, all
}

// Events is an Observer that remembers.
type Events struct {
	mu  sync.Mutex
	all []migrate.Event
}

func (e *Events) Total(string, int64) {}
func (e *Events) Done(string, int64)  {}
func (e *Events) Event(ev migrate.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all = append(e.all, ev)
}

func (e *Events) Messages() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var all []string
	for _, ev := range e.all {
		all = append(all, ev.Message)
	}
	return all
}

// PassFrom runs a migration from an archive, as if the source had changed to it.
func (r *Rig) PassFrom(t *testing.T, from fs.FS) replay.Summary {
	t.Helper()
	s, _ := r.passFrom(t, from, false)
	return s
}

// MigrateFrom is PassFrom, and requires both sides to be equal then.
func (r *Rig) MigrateFrom(t *testing.T, from fs.FS) replay.Summary {
	t.Helper()
	s, differences := r.passFrom(t, from, true)
	require.Empty(t, differences)
	return s
}

// TryFrom is PassFrom, whatever comes of it.
func (r *Rig) TryFrom(t *testing.T, from fs.FS) (replay.Summary, error) {
	t.Helper()
	a, err := archive.Open(from)
	require.NoError(t, err)
	src := archive.NewSource(a)
	defer func() { require.NoError(t, src.Close()) }()
	l, err := sqlite.Open(t.Context(), r.Ledger)
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	counter := &transport.Counter{}
	m := replay.Migration{Source: src, Target: r.Target(counter), Ledger: l, Observer: r.Events, Settings: r.Settings, Traffic: counter.Traffic}
	return m.Run(t.Context())
}

func (r *Rig) passFrom(t *testing.T, from fs.FS, compare bool) (replay.Summary, []verify.Difference) {
	t.Helper()
	a, err := archive.Open(from)
	require.NoError(t, err)
	src := archive.NewSource(a)
	defer func() { require.NoError(t, src.Close()) }()
	l, err := sqlite.Open(t.Context(), r.Ledger)
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	counter := &transport.Counter{}
	target := r.Target(counter)
	m := replay.Migration{Source: src, Target: target, Ledger: l, Observer: r.Events, Settings: r.Settings, Traffic: counter.Traffic}
	s, err := m.Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
	var differences []verify.Difference
	if compare {
		v := verify.Verifier{Source: src, Target: target, Observer: r.Events, Settings: r.Settings}
		_, err = v.Run(t.Context(), func(d verify.Difference) { differences = append(differences, d) })
		require.NoError(t, err)
	}
	return s, differences
}

func (r *Rig) Audit(t *testing.T, rows func(audit.ChannelRow)) audit.Audit {
	t.Helper()
	counter := &transport.Counter{}
	a := audit.Auditor{Source: migrate.Counted(r.Source(counter)), Observer: r.Events, Settings: r.Settings, Traffic: counter.Traffic, Latency: r.Meter.Latency, Rows: rows}
	got, err := a.Run(t.Context())
	require.NoError(t, err)
	return got
}

// Doctor examines the emulator, and requires that not one write was sent.
func (r *Rig) Doctor(t *testing.T, set func(*doctor.Doctor)) (doctor.Diagnosis, error) {
	t.Helper()
	counter := &transport.Counter{}
	side := func(url string) twilio.Config {
		return twilio.Config{
			BaseURL: url, ChatURL: "http://127.0.0.1:1", Username: emulator.DefaultAccountSID, Password: emulator.DefaultAuthToken,
			HTTP: r.Transport(r.hosts(), counter),
		}
	}
	prober, err := twilio.NewProber(side("http://127.0.0.1:1"), side("http://127.0.0.1:2"))
	require.NoError(t, err)
	d := &doctor.Doctor{Prober: prober, SameAccount: true}
	if set != nil {
		set(d)
	}
	got, err := d.Run(t.Context())
	stats := r.Emulator.Stats()
	require.Zero(t, stats.Chat.Writes+stats.Conversations.Writes)
	require.Zero(t, counter.Traffic().Writes)
	return got, err
}

// Undo runs an undo as a new process would.
func (r *Rig) Undo(ctx context.Context, execute bool) (undo.Undone, []undo.Removal, error) {
	r.t.Helper()
	l, err := sqlite.Open(ctx, r.Ledger)
	require.NoError(r.t, err)
	defer func() { require.NoError(r.t, l.Close()) }()
	var all []undo.Removal
	u := r.undoer(r.Target(&transport.Counter{}), l, execute)
	got, err := u.Run(ctx, func(one undo.Removal) { all = append(all, one) })
	return got, all, err
}

func (r *Rig) undoer(target migrate.Target, l migrate.Ledger, execute bool) undo.Undoer {
	return undo.Undoer{
		Target: target, Write: target, Ledger: l, Record: l, Observer: r.Events, Settings: r.Settings, Execute: execute,
	}
}

// UndoKilled is an undo whose process is gone at a write, as [Rig.Killed] does a
// migration.
func (r *Rig) UndoKilled(t *testing.T, k Kill) bool {
	t.Helper()
	return r.killed(t, k, func(ctx context.Context, _ migrate.Source, target migrate.Target, l migrate.Ledger, _ *transport.Counter) {
		u := r.undoer(target, l, true)
		_, _ = u.Run(ctx, func(undo.Removal) {})
	})
}

// ClaimWrites is what a run writes into a service in which it finds nothing to do:
// its claim, which it takes away again.
const ClaimWrites = 2
