package torture

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/emulator/faults"
	"chatbridge/migrate/replay"
	"chatbridge/migrate/sqlite"
	"chatbridge/migrate/transport"
	"chatbridge/migrate/twilio"
)

// most is longer than any run takes.
const most = 12 * time.Hour

// ending is how a run ended.
type ending struct {
	name       string
	summary    replay.Summary
	err        error
	start, end emulator.Truth
	killed     bool

	began, ended time.Time // of a run beside others
}

// process is one run of the program.
type process struct {
	*world
	name   string
	ledger string
	death  *death
	skew   time.Duration // of its clock
}

// run runs a migration on the ledger as a new process would.
func (w *world) run(name string, d *death) ending {
	return (&process{world: w, name: name, ledger: w.ledger, death: d}).run()
}

func (p *process) run() ending {
	e := ending{name: p.name, start: p.emulator.Truth()}
	ctx, cancel := context.WithTimeout(p.t.Context(), most)
	defer cancel()
	p.plan.NewClient()
	p.log("%s begins on %s", p.name, filepath.Base(p.ledger))
	l, err := sqlite.Open(ctx, p.ledger)
	if err != nil {
		e.err, e.end = err, p.emulator.Truth()
		return e
	}
	n := &wire{process: p, handlers: map[string]http.RoundTripper{
		chatHost: faults.Direct{Handler: p.emulator.Chat()}, conversationsHost: faults.Direct{Handler: p.emulator.Conversations()},
		mediaHost: faults.Direct{Handler: p.emulator.Media()},
	}}
	n.fall = func(keep bool) {
		if !keep {
			n.kept = p.snapshot(p.ledger, "killed")
		}
		cancel()
	}
	source, target := p.drivers(n)
	m := replay.Migration{
		Source: migrate.Counted(source), Target: target, Ledger: ledger{l, p.label(p.ledger)}, Observer: p,
		Settings: migrate.Settings{Concurrency: p.Concurrency, Settle: p.Settle},
	}
	e.summary, e.err = m.Run(ctx)
	e.end = p.emulator.Truth()
	_ = l.Close()                                 // the command has nothing to say about it
	p.log("%s ends %s", p.name, e.summary.Status) // what a kill cuts off first is the scheduler's choice, too
	if e.killed = n.fallen.Load(); e.killed && !p.death.cut {
		p.restore(n.kept, p.ledger)
	}
	return e
}

func (p *process) drivers(n *wire) (*twilio.Source, *twilio.Target) {
	config := func(base string, rt http.RoundTripper) twilio.Config {
		c := twilio.Config{
			BaseURL: "http://" + base, ChatURL: "http://" + chatHost, MediaURL: "http://" + mediaHost, HTTP: rt,
			Username: emulator.DefaultAccountSID, Password: emulator.DefaultAuthToken,
		}
		if p.media {
			c.API = twilio.APIv2
		}
		if p.key {
			c.AccountSID, c.Username, c.Password = c.Username, emulator.DefaultAPIKey, emulator.DefaultAPISecret
		}
		return c
	}
	stack := func() http.RoundTripper {
		return queue{n, transport.New(transport.Options{Base: n, InFlight: transport.InFlight{Start: 4, Most: 32}, Patience: p.patience})}
	}
	source, err := twilio.NewSource(config(chatHost, transport.ReadOnly(stack())))
	require.NoError(p.t, err)
	target, err := twilio.NewTarget(config(conversationsHost, stack()))
	require.NoError(p.t, err)
	return source, target
}

// ledger is one whose file has a name that follows from the seed.
type ledger struct {
	*sqlite.Ledger
	file string
}

// Identity is of migrate.LedgerReader.
func (l ledger) Identity(ctx context.Context) (migrate.LedgerIdentity, error) {
	i, err := l.Ledger.Identity(ctx)
	i.File = l.file
	return i, err
}

// ledgerFiles are what a ledger consists of on the disk.
var ledgerFiles = []string{"", "-wal"}

// snapshot copies a ledger as it is at this moment.
func (w *world) snapshot(path, name string) string {
	to := path + "." + name
	w.restore(path, to)
	return to
}

// restore copies one ledger into the files of another.
func (w *world) restore(from, to string) {
	for _, suffix := range ledgerFiles {
		raw, err := os.ReadFile(from + suffix)
		if errors.Is(err, os.ErrNotExist) {
			_ = os.Remove(to + suffix) // may not be there
			continue
		}
		if err == nil {
			err = os.WriteFile(to+suffix, raw, 0o600)
		}
		if err != nil {
			w.t.Error(err)
		}
	}
}
