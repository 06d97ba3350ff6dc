package torture

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/emulator/faults"
	"chatbridge/migrate/ledgertest"
	"chatbridge/migrate/transport"
)

// world is the emulator and whoever works with it.
type world struct {
	*story
	t        *testing.T
	emulator *emulator.Emulator
	plan     *faults.Plan
	began    time.Time
	dir      string
	ledger   string // of the next run
	oracle   *oracle
	patience transport.Patience

	mu     sync.Mutex
	trace  []string
	files  map[string]string // labels of ledgers, by path
	events []string
	labels int
	edits  int
}

func newWorld(t *testing.T, s *story) *world {
	plan, err := &faults.Plan{Seed: s.seed}, error(nil)
	if len(s.faults) > 0 {
		plan, err = faults.Parse(strings.Join(append(s.faults, fmt.Sprintf("seed=%d", s.seed)), ","))
		require.NoError(t, err)
	}
	w := &world{
		story: s, t: t, plan: plan, began: time.Now(), dir: ledgertest.Dir(t), files: map[string]string{},
		patience: transport.Patience{Jitter: transport.Seeded(s.seed)},
	}
	t.Cleanup(plan.Close)
	plan.Observe = func(k faults.Kind, x *emulator.Exchange) {
		w.log("fault %s %s %s", k, x.Method, strings.Join(x.Path, "/"))
	}
	c := emulator.Config{Archive: s.archive(), Seed: s.seed, Intercept: plan.Intercept, Unkind: s.unkind, Diary: true}
	if s.key {
		c.APIKey, c.APISecret = emulator.DefaultAPIKey, emulator.DefaultAPISecret
	}
	w.emulator, err = emulator.New(c)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.emulator.Close()) })
	w.oracle = newOracle(w.emulator.Truth())
	w.newLedger()
	return w
}

// newLedger begins one: the old one is lost.
func (w *world) newLedger() string {
	w.ledger = filepath.Join(w.dir, fmt.Sprintf("ledger-%d.db", len(w.files)))
	w.unlabel(w.ledger)
	return w.ledger
}

func (w *world) log(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.trace = append(w.trace, fmt.Sprintf("%12s ", time.Since(w.began))+fmt.Sprintf(format, args...))
}

// lines is the trace.
func (w *world) lines() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.trace
}

// told is what the runs said, and what was done to them.
func (w *world) told() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return fmt.Sprintf("%v; mischief %v; faults %v\n%s", w.kinds, w.emulator.Mischief(), w.plan.Counts(), strings.Join(w.events, "\n"))
}

// Total is of migrate.Observer.
func (w *world) Total(string, int64) {}

// Done is of migrate.Observer.
func (w *world) Done(string, int64) {}

// Event is of migrate.Observer.
func (w *world) Event(e migrate.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if e.Level != migrate.Detail {
		w.events = append(w.events, fmt.Sprint(time.Since(w.began), " ", e.Message, " ", e.Fields))
	}
}

// label names the file of a ledger. Its number on the disk follows from no seed.
func (w *world) label(path string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.files[path] == "" {
		w.labels++
		w.files[path] = fmt.Sprint("file ", w.labels)
	}
	return w.files[path]
}

// unlabel is called when a file is gone.
func (w *world) unlabel(path string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.files[path] = ""
}

// leftBehind is what no run may leave: files that no message has when those are
// collected that never had one, and credentials that went to the address of a file.
func (w *world) leftBehind() (all []string) {
	time.Sleep(2 * migrate.MediaKept)
	for _, f := range w.emulator.Truth().Orphans {
		all = append(all, fmt.Sprintf("%s of %s is in no message", f.SID, f.ServiceSID))
	}
	if n := w.emulator.Stats().CredentialsLeaked; n > 0 {
		all = append(all, fmt.Sprintf("%d requests for the bytes of a file bore credentials", n))
	}
	return all
}
