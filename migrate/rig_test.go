package migrate_test

import (
	"cmp"
	"context"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/emulator/faults"
	"chatbridge/migrate/sqlite"
	"chatbridge/migrate/transport"
	"chatbridge/migrate/twilio"
)

// rig is both sides of a migration with the emulator between them. Requests
// reach it without a socket, so that a test can run on synctest's clock.
type rig struct {
	t        *testing.T
	emulator *emulator.Emulator
	ledger   string
	settings migrate.Settings
	patience transport.Patience
	events   *events
	sidecar  *migrate.Sidecar
	aps      float64 // of the client's own pace
	atOnce   int     // most requests in flight to a host; 0 stands for 32
}

func newRig(t *testing.T, c emulator.Config) *rig {
	t.Helper()
	e, err := emulator.New(c)
	require.NoError(t, err)
	return &rig{
		t: t, emulator: e, ledger: filepath.Join(t.TempDir(), "chatbridge.db"),
		settings: migrate.Settings{Concurrency: 8, Settle: 10 * time.Second},
		events:   &events{},
	}
}

// workspace is a sample workspace as a folder.
func workspace(t *testing.T, name string) fs.FS {
	t.Helper()
	dir := filepath.Join("..", "testdata", "workspaces", name)
	_, err := os.Stat(filepath.Join(dir, "manifest.json"))
	require.NoError(t, err)
	return os.DirFS(dir)
}

func (r *rig) transport(h http.Handler, c *transport.Counter) http.RoundTripper {
	return transport.New(transport.Options{Base: faults.Direct{Handler: h}, Concurrency: cmp.Or(r.atOnce, 32), Counter: c, Patience: r.patience, APS: r.aps})
}

func (r *rig) source(c *transport.Counter) *twilio.Source {
	s, err := twilio.NewSource(twilio.Config{
		BaseURL: "http://127.0.0.1:1", Username: emulator.DefaultAccountSID, Password: emulator.DefaultAuthToken,
		HTTP: transport.ReadOnly(r.transport(r.emulator.Chat(), c)),
	})
	require.NoError(r.t, err)
	return s
}

func (r *rig) target(c *transport.Counter) *twilio.Target {
	t, err := twilio.NewTarget(twilio.Config{
		BaseURL: "http://127.0.0.1:2", ChatURL: "http://127.0.0.1:1",
		Username: emulator.DefaultAccountSID, Password: emulator.DefaultAuthToken,
		HTTP: r.transport(r.hosts(), c),
	})
	require.NoError(r.t, err)
	return t
}

// hosts are both hosts of the emulator, by the address that a request is for.
func (r *rig) hosts() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.Host == "127.0.0.1:1" {
			r.emulator.Chat().ServeHTTP(w, req)
			return
		}
		r.emulator.Conversations().ServeHTTP(w, req)
	})
}

// migrate runs a migration as a new process would, on the rig's ledger.
func (r *rig) migrate(ctx context.Context) (migrate.Summary, error) {
	r.t.Helper()
	l, err := sqlite.Open(ctx, r.ledger)
	require.NoError(r.t, err)
	defer func() { require.NoError(r.t, l.Close()) }()
	counter := &transport.Counter{}
	m := migrate.Migration{
		Source: r.source(counter), Target: r.target(counter), Ledger: l,
		Observer: r.events, Settings: r.settings, Traffic: counter.Traffic, Sidecar: r.sidecar,
	}
	return m.Run(ctx)
}

// verify compares both sides without a ledger.
func (r *rig) verify(ctx context.Context) (migrate.Verification, []migrate.Difference) {
	r.t.Helper()
	counter := &transport.Counter{}
	var all []migrate.Difference
	v := migrate.Verifier{Source: r.source(counter), Target: r.target(counter), Observer: r.events, Settings: r.settings}
	got, err := v.Run(ctx, func(d migrate.Difference) { all = append(all, d) })
	require.NoError(r.t, err)
	return got, all
}

// events is an Observer that remembers.
type events struct {
	mu  sync.Mutex
	all []migrate.Event
}

func (e *events) Total(string, int64) {}
func (e *events) Done(string, int64)  {}
func (e *events) Event(ev migrate.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all = append(e.all, ev)
}

func (e *events) messages() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var all []string
	for _, ev := range e.all {
		all = append(all, ev.Message)
	}
	return all
}
