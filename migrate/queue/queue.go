package queue

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"

	"chatbridge/migrate"
)

const (
	// DefaultSchema is where River's tables are.
	DefaultSchema = "chatbridge_river"
	// defaultTick is how often a worker is seen and looks for what to reap: a killed
	// worker's migration is at work elsewhere soon after the lease is over. With a lease
	// of 20 s and a settle time of 10 s that makes 35 s from the kill at most.
	defaultTick = 2 * time.Second
	// defaultPoll is how often new rows are looked for if nothing tells of them: what is
	// handed over is to be at work elsewhere within a second.
	defaultPoll = 250 * time.Millisecond
	// defaultUnseen is how long a worker without a lease may be out of sight: a
	// restart of the database takes less.
	defaultUnseen = time.Minute
	// defaultPatience is how long a result is offered to a database that is away.
	// Afterwards it is lost, and the pass is worked once more.
	defaultPatience = 5 * time.Minute
	// answerWithin bounds one attempt at a transaction: a connection that was cut
	// without a word would hold it for a quarter of an hour.
	answerWithin = 10 * time.Second
	// fewestConnections are what Open needs: one holds the lock, one migrates.
	fewestConnections = 2
)

// Options say how a Queue works. All but the pool may be left out.
type Options struct {
	// Schema is where River's tables are. Defaults to DefaultSchema. It must not be
	// the schema of another River.
	Schema string
	// Worker is what people call this worker. Defaults to host and process ID.
	Worker string
	// PollOnly keeps from LISTEN, which does not work through PgBouncer in
	// transaction mode. It is switched on by itself if something other than
	// PostgreSQL answered the connection. New work is then seen within a second.
	PollOnly bool
	// Tick is how often a worker is seen and reaps. Defaults to 2 seconds.
	Tick time.Duration
	// Unseen is how long a worker that has no lease may be out of sight before its
	// generation is reaped. Defaults to a minute.
	Unseen time.Duration
	// Patience is how long a result is offered to a database that is away.
	// Defaults to 5 minutes.
	Patience time.Duration
	// Observer is told what happens. May be nil.
	Observer migrate.Observer

	answer time.Duration           // how long the database may take over one attempt
	clock  rivertype.TimeGenerator // what River takes for this machine's clock
	poll   time.Duration           // how often River looks for new rows
	// ticked is called after each look of a worker for what to reap. May be nil.
	ticked func()
}

// Queue asks for passes of migrations and works them. Its methods may be called
// from many goroutines. It has nothing to close; the pool is the caller's.
type Queue struct {
	pool     *pgxpool.Pool
	options  Options
	observer migrate.Observer
	client   *river.Client[pgx.Tx] // inserts and cancels; works nothing
	river    string                // river_job, quoted and with its schema
}

// Open makes River's schema or brings it up to date, with one process at a time,
// and returns a Queue on it. The tables of the ledger must be there.
func Open(ctx context.Context, pool *pgxpool.Pool, o Options) (*Queue, error) {
	const op = "open queue"
	o.Schema = cmp.Or(o.Schema, DefaultSchema)
	o.Tick = cmp.Or(o.Tick, defaultTick)
	o.Unseen = cmp.Or(o.Unseen, defaultUnseen)
	o.Patience = cmp.Or(o.Patience, defaultPatience)
	o.answer = cmp.Or(o.answer, answerWithin)
	o.poll = cmp.Or(o.poll, defaultPoll)
	if o.Worker == "" {
		host, _ := os.Hostname() // without a name the process ID has to do
		o.Worker = fmt.Sprintf("%s-%d", cmp.Or(host, "worker"), os.Getpid())
	}
	if n := pool.Config().MaxConns; n < fewestConnections {
		return nil, &migrate.Error{
			Op: op, Kind: migrate.Usage, Err: fmt.Errorf("the pool may have %d connection, and a worker needs %d", n, fewestConnections),
			Hint: "leave pool_max_conns out of the URL of the ledger, or raise it",
		}
	}
	q := &Queue{pool: pool, options: o, observer: migrate.Observed(o.Observer), river: pgx.Identifier{o.Schema, "river_job"}.Sanitize()}
	if err := q.check(ctx); err != nil {
		return nil, q.failed(op, err)
	}
	if err := q.migrate(ctx); err != nil {
		return nil, q.failed(op, err)
	}
	client, err := river.NewClient(riverpgxv5.New(pool), q.config())
	if err != nil {
		return nil, q.failed(op, err)
	}
	q.client = client
	return q, nil
}

// Worker is what people call this worker.
func (q *Queue) Worker() string { return q.options.Worker }

// config is what all clients of River have in common.
func (q *Queue) config() *river.Config {
	return &river.Config{
		FetchCooldown:          min(river.FetchCooldownDefault, q.options.poll),
		FetchOnlyKnownKinds:    true,
		FetchPollInterval:      q.options.poll,
		LeaderElectionDisabled: true,
		Logger:                 logger(q.observer),
		PollOnly:               q.options.PollOnly,
		Schema:                 q.options.Schema,
		Test:                   river.TestConfig{Time: q.options.clock},
	}
}
