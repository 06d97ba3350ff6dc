package postgres

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"chatbridge/migrate"
)

var (
	_ migrate.Ledger       = (*Ledger)(nil)
	_ migrate.LedgerReader = (*Reader)(nil)
)

// Ledger is the one writer of a migration. Its methods may be called by any number of
// goroutines at a time.
type Ledger struct {
	*Reader
	group *group
	shut  func() error
}

// Option changes how a ledger is written.
type Option func(*options)

type options struct {
	every    time.Duration
	rows     int
	patience time.Duration
	pause    func(context.Context, time.Duration) error
	tell     func(migrate.Event)
	outage   *outage
	lease    time.Duration
	holder   string
	whole    bool // one transaction, which Keep commits
}

// Group sets when puts are committed: so long after the first one, or as soon as
// there are so many. Defaults to 250 ms and 2000.
func Group(every time.Duration, rows int) Option {
	return func(o *options) { o.every, o.rows = every, rows }
}

// Patience sets for how long a lost connection is waited for. Defaults to 10 minutes.
func Patience(d time.Duration) Option { return func(o *options) { o.patience = d } }

// Pause sets what waits between two tries to connect. Defaults to sleeping.
func Pause(wait func(context.Context, time.Duration) error) Option {
	return func(o *options) { o.pause = wait }
}

// Events sets who is told that the connection was lost, and that it is back. Nobody, by
// default.
func Events(tell func(migrate.Event)) Option { return func(o *options) { o.tell = tell } }

// Open opens the ledger of a migration for writing, and makes it if there is none: the
// schema too, if it is missing or older. Its errors have the Kinds of those of
// OpenReader but NotFound; and Conflict if another process has the migration open for
// writing, which is named.
func Open(ctx context.Context, url, migration string, opts ...Option) (*Ledger, error) {
	return openWith(ctx, url, migration, asked(opts))
}

func openWith(ctx context.Context, url, migration string, o options) (*Ledger, error) {
	config, err := parse(url)
	if err != nil {
		return nil, err
	}
	conn, err := connect(ctx, config)
	if err != nil {
		return nil, refuseConnection(config, err)
	}
	l, err := open(ctx, conn, config, migration, o)
	if err != nil {
		closeSession(conn)
		return nil, refuseConnection(config, err)
	}
	return l, nil
}

// asked are the defaults with what was asked for.
func asked(opts []Option) options {
	o := options{every: groupInterval, rows: groupRows, patience: patience, pause: sleep, tell: func(migrate.Event) {}, outage: &outage{}, lease: DefaultLease}
	for _, opt := range opts {
		opt(&o)
	}
	return o
}

func open(ctx context.Context, conn *pgx.Conn, config *pgx.ConnConfig, migration string, o options) (*Ledger, error) {
	pool, err := newPool(ctx, config, writerSessions)
	if err != nil {
		return nil, err
	}
	id, err := begin(ctx, conn, pool, config, migration, o.whole)
	if err != nil {
		pool.Close()
		return nil, err
	}
	g := &group{options: o, migration: id, config: config, rights: newRights(o, id, config), conn: conn, pool: pool, begun: o.whole}
	if _, err := g.rights.take(ctx, conn); err != nil {
		pool.Close()
		return nil, err
	}
	g.start()
	r := &Reader{pool: pool, migration: id}
	r.rows = func(ctx context.Context, query string, args []any, take func(pgx.Rows, error) error) error {
		return g.read(ctx, query, args, take)
	}
	l := &Ledger{Reader: r, group: g}
	l.shut = sync.OnceValue(l.close)
	return l, nil
}

// begin makes sure of the schema and the migration, and gives its number.
func begin(ctx context.Context, conn *pgx.Conn, pool querier, config *pgx.ConnConfig, migration string, whole bool) (int32, error) {
	if err := unshared(ctx, conn, pool); err != nil {
		return 0, err
	}
	if err := upgrade(ctx, conn, config); err != nil {
		return 0, err
	}
	if whole {
		return beginWhole(ctx, conn, config, migration)
	}
	var id int32
	err := conn.QueryRow(ctx, `SELECT id FROM chatbridge.migrations WHERE name = $1`, packText(migration)).Scan(&id)
	if !errors.Is(err, pgx.ErrNoRows) {
		return id, err
	}
	// The name may have come in between, and then the update gives its number.
	err = conn.QueryRow(ctx, `INSERT INTO chatbridge.migrations (name) VALUES ($1) ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING id`, packText(migration)).Scan(&id)
	return id, err
}

// unshared refuses a pooler that gives two connections one session: then neither keeps a
// lock.
func unshared(ctx context.Context, conn *pgx.Conn, pool querier) error {
	var one, other uint32
	if err := conn.QueryRow(ctx, `SELECT pg_backend_pid()::text::bigint`).Scan(&one); err != nil {
		return err
	}
	if err := pool.QueryRow(ctx, `SELECT pg_backend_pid()::text::bigint`).Scan(&other); err != nil {
		return err
	}
	if one == other {
		return refuse(migrate.Usage, poolerHint, "a connection pool in transaction mode is between here and the server")
	}
	return nil
}

// Sync makes everything put so far survive a crash.
func (l *Ledger) Sync(ctx context.Context) error {
	return fault("sync ledger", "", l.group.sync(ctx))
}

// Close syncs, ends the sessions and lets another process in. Called again it gives
// the same answer. Every other method fails afterwards.
func (l *Ledger) Close() error { return l.shut() }

func (l *Ledger) close() error {
	err := l.group.close()
	l.pool.Close()
	return fault("close ledger", "", err)
}

// closeSession ends a session that may be broken.
func closeSession(conn *pgx.Conn) {
	ctx, end := context.WithTimeout(context.Background(), time.Second)
	defer end()
	_ = conn.Close(ctx)
}
