package queue

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/pgtest"
	"chatbridge/migrate/postgres"
)

// leases has a lease that a test enters be alive unless it says otherwise.
const leases = `ALTER TABLE chatbridge.leases ALTER ended SET DEFAULT false, ALTER generation SET DEFAULT 1`

// never is longer than any test takes: what has to happen must not wait for it.
const never = time.Hour

// world is a database with a ledger of some migrations.
type world struct {
	*testing.T
	url  string
	pool *pgxpool.Pool // of the test, not of a worker
}

func newWorld(t *testing.T, migrations ...string) *world {
	t.Helper()
	w := &world{T: t, url: pgtest.Database(t)}
	w.pool = w.open(w.url)
	ledger, err := postgres.Open(t.Context(), w.url, cmp.Or(append(migrations, "default")...))
	require.NoError(t, err)
	require.NoError(t, ledger.Close())
	w.exec(leases)
	w.exec(`DELETE FROM chatbridge.leases`)
	w.exec(`INSERT INTO chatbridge.migrations (name) SELECT unnest($1::text[])`, migrations[min(1, len(migrations)):])
	return w
}

// open opens a pool that closes with the test.
func (w *world) open(url string) *pgxpool.Pool {
	w.Helper()
	pool, err := postgres.Pool(w.Context(), url)
	require.NoError(w, err)
	w.Cleanup(pool.Close)
	return pool
}

func (w *world) exec(sql string, args ...any) {
	w.Helper()
	_, err := w.pool.Exec(w.Context(), sql, args...)
	require.NoError(w, err, sql)
}

// value is the one value that a query answers with.
func value[T any](w *world, query string, args ...any) (v T) {
	w.Helper()
	require.NoError(w, w.pool.QueryRow(w.Context(), query, args...).Scan(&v), query)
	return v
}

// peer is a queue with a pool and an observer of its own.
type peer struct {
	*Queue
	*world
	pool   *pgxpool.Pool
	events chan migrate.Event
	log    []migrate.Event // and not asked for by the test yet
	runs   chan *run
	begun  []*run            // likewise
	does   func(*run) Result // what a run does, if the test does not end it
	over   chan error        // what Work returned
	ticks  chan struct{}     // that it ticked
	drain  chan struct{}
	cut    context.CancelFunc
}

// run is one call of Run, which the test ends.
type run struct {
	context.Context
	migration string
	drain     <-chan struct{}
	end       chan Result
}

// queue opens a queue that ticks and gives up nobody within the test, unless the
// options say otherwise.
func (w *world) queue(name string, change ...func(*Options)) *peer {
	w.Helper()
	return w.queueAt(w.url, name, change...)
}

func (w *world) queueAt(url, name string, change ...func(*Options)) *peer {
	w.Helper()
	o := &peer{world: w, pool: w.open(url), events: make(chan migrate.Event, 1000), runs: make(chan *run, 100), over: make(chan error, 1), drain: make(chan struct{}), ticks: make(chan struct{}, 1)}
	options := Options{Worker: name, Tick: never, Unseen: never, Observer: o, poll: 5 * time.Millisecond, ticked: o.ticked}
	for _, f := range change {
		f(&options)
	}
	var err error
	o.Queue, err = Open(w.Context(), o.pool, options)
	require.NoError(w, err)
	return o
}

func ticking(o *Options) { o.Tick = 5 * time.Millisecond }

func (o *peer) Total(string, int64)   {}
func (o *peer) Done(string, int64)    {}
func (o *peer) Event(e migrate.Event) { o.events <- e }

func (o *peer) ticked() {
	select {
	case o.ticks <- struct{}{}:
	default: // the first is enough
	}
}

// work begins to work, until the test ends. It has looked for what to reap once: only
// what ticks does so again.
func (o *peer) work(atOnce int, migrations ...string) *peer {
	var ctx context.Context
	ctx, o.cut = context.WithCancel(context.Background())
	go func() {
		o.over <- o.Work(ctx, Work{Migrations: migrations, AtOnce: atOnce, Drain: o.drain, Run: o.run})
	}()
	o.Cleanup(func() {
		o.cut()
		<-o.over
	})
	select {
	case <-o.ticks:
	case err := <-o.over: // it could not begin
		o.over <- err
	}
	return o
}

func (o *peer) run(ctx context.Context, migration string, drain <-chan struct{}) Result {
	r := &run{ctx, migration, drain, make(chan Result, 1)}
	o.runs <- r
	if o.does != nil {
		return o.does(r)
	}
	select {
	case result := <-r.end:
		return result
	case <-ctx.Done():
		return Result{Outcome: Lost, Reason: context.Cause(ctx).Error()}
	}
}

// next is the next run of a migration. Those that are fetched together begin in
// any order.
func (o *peer) next(migration string) *run {
	o.Helper()
	for {
		for i, r := range o.begun {
			if r.migration == migration {
				o.begun = slices.Delete(o.begun, i, i+1)
				return r
			}
		}
		o.begun = append(o.begun, receive(o.T, o.runs, "a run of "+migration))
	}
}

// idle says that the worker runs nothing that the test did not take.
func (o *peer) idle() {
	o.Helper()
	require.Empty(o, o.begun)
	require.Empty(o, o.runs)
}

// told waits for an event and returns it as a line. Events of several goroutines
// come in any order.
func (o *peer) told(message string) string {
	o.Helper()
	for {
		for i, e := range o.log {
			if e.Message == message {
				o.log = slices.Delete(o.log, i, i+1)
				return strings.TrimSpace(fmt.Sprintln(append([]any{e.Message}, e.Fields...)...))
			}
		}
		o.log = append(o.log, receive(o.T, o.events, message))
	}
}

// receive fails the test instead of hanging it.
func receive[T any](t *testing.T, from <-chan T, what string) (v T) {
	t.Helper()
	select {
	case v = <-from:
	case <-time.After(time.Minute):
		require.FailNow(t, "waited for nothing", what)
	}
	return v
}

// stopping drains the worker.
func (o *peer) stopping() { close(o.drain) }

// stopped waits for the worker that was drained.
func (o *peer) stopped() {
	o.Helper()
	require.NoError(o, receive(o.T, o.over, "the end of Work"))
	o.over <- nil // for the cleanup
}

// ask asks, and must not fail.
func (o *peer) ask(migrations ...string) {
	o.Helper()
	require.NoError(o, o.Ask(o.Context(), migrations...))
}

func (o *peer) reaped(n int) {
	o.Helper()
	got, err := o.reap(o.Context())
	require.NoError(o, err)
	require.Equal(o, n, got)
}

// reaps reaps until it finds something.
func (o *peer) reaps() {
	o.Helper()
	for end, n := time.Now().Add(time.Minute), 0; n == 0; {
		var err error
		n, err = o.reap(o.Context())
		require.NoError(o, err)
		require.Less(o, n, 2)
		require.True(o, time.Now().Before(end), "there is nothing to reap")
	}
}

// lease gives a migration a lease that ends so many seconds from now.
func (w *world) lease(migration, holder string, seconds int) {
	w.Helper()
	w.exec(`INSERT INTO chatbridge.leases (migration_id, holder, expires_at)
		SELECT id, $2, clock_timestamp() + $3 * interval '1 second' FROM chatbridge.migrations WHERE name = $1
		ON CONFLICT (migration_id) DO UPDATE SET holder = excluded.holder, taken_at = clock_timestamp(), expires_at = excluded.expires_at, ended = false`,
		migration, holder, seconds)
}

// expire ends the lease of a migration as time would.
func (w *world) expire(migration string) {
	w.Helper()
	w.exec(`UPDATE chatbridge.leases SET expires_at = clock_timestamp() WHERE migration_id = (SELECT id FROM chatbridge.migrations WHERE name = $1)`, migration)
}

// state is how far a migration is: stage, pass, generation, worker, reason.
func (o *peer) state(migration string) string {
	o.Helper()
	states, err := o.List(o.Context())
	require.NoError(o, err)
	for _, s := range states {
		if s.Migration == migration {
			return strings.TrimSpace(fmt.Sprintln(s.Stage, s.Pass, s.Generation, s.Worker, s.Reason))
		}
	}
	return ""
}

// rows are River's rows, oldest first: kind of what, state, priority.
func (w *world) rows() []string {
	w.Helper()
	return value[[]string](w, `SELECT coalesce(array_agg(concat_ws(' ', args->>'name', args->>'pass', args->>'generation', state, priority, max_attempts) ORDER BY id), '{}')
		FROM chatbridge_river.river_job`)
}

// through is the URL by way of another address.
func through(t *testing.T, raw, address string) string {
	return pgtest.With(t, raw, func(u *url.URL) { u.Host = address })
}
