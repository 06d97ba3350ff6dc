package postgres

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"chatbridge/migrate"
	"chatbridge/migrate/internal/stored"
)

// pageRows is how many rows an iterator reads at a time. Between two pages it holds
// nothing, so the body of the loop may put.
const pageRows = 500

// How many sessions read at once, of a reader and beside a writer. They are opened when
// they are needed.
const (
	readerSessions = 4
	writerSessions = 3
)

// Reader reads the ledger of one migration, also while another process writes it: it
// then sees what that process has committed. Its iterators see what is there when they
// come to it, a page at a time. Times come back in UTC. Its methods may be called by
// any number of goroutines at a time.
type Reader struct {
	pool      *pgxpool.Pool
	migration int32
	// rows hands an answer to take, and another one if the connection was lost before
	// its end.
	rows func(ctx context.Context, query string, args []any, take func(pgx.Rows, error) error) error
}

// OpenReader opens the ledger of a migration for reading. Its errors have these Kinds:
//
//   - NotFound: the database has no migration of that name.
//   - Conflict: the schema is newer or older than this program.
//   - Credentials: the server refused the password or the role.
//   - Usage: the URL is none, or the database is missing, or the role lacks rights.
//   - Unavailable: the server cannot be reached, or is not ready.
func OpenReader(ctx context.Context, url, migration string) (*Reader, error) {
	config, err := parse(url)
	if err != nil {
		return nil, err
	}
	pool, err := newPool(ctx, config, readerSessions)
	if err != nil {
		return nil, refuseConnection(config, err)
	}
	id, err := find(ctx, pool, config, migration)
	if err != nil {
		pool.Close()
		return nil, refuseConnection(config, err)
	}
	r := &Reader{pool: pool, migration: id}
	r.rows = func(ctx context.Context, query string, args []any, take func(pgx.Rows, error) error) error {
		return take(pool.Query(ctx, query, args...))
	}
	return r, nil
}

// Names are those of the migrations in a database, in their order. Its errors are those
// of OpenReader.
func Names(ctx context.Context, url string) ([]string, error) {
	config, err := parse(url)
	if err != nil {
		return nil, err
	}
	pool, err := newPool(ctx, config, 1)
	if err != nil {
		return nil, refuseConnection(config, err)
	}
	defer pool.Close()
	if err := upToDate(ctx, pool, config); err != nil {
		return nil, refuseConnection(config, err)
	}
	rows, err := pool.Query(ctx, `SELECT name FROM chatbridge.migrations ORDER BY name`)
	if err != nil {
		return nil, refuseConnection(config, err)
	}
	names, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (name string, err error) {
		err = row.Scan(scanText(&name))
		return name, err
	})
	if err != nil {
		return nil, refuseConnection(config, err)
	}
	return names, nil
}

// newPool makes sessions that change nothing.
func newPool(ctx context.Context, config *pgx.ConnConfig, most int32) (*pgxpool.Pool, error) {
	c, err := pgxpool.ParseConfig("")
	if err != nil {
		return nil, err
	}
	c.ConnConfig, c.MaxConns, c.MinConns = config.Copy(), most, 0
	setup := strings.Join(append([]string{`SET default_transaction_read_only TO on`}, session...), "; ")
	c.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, setup, pgx.QueryExecModeSimpleProtocol)
		return err
	}
	return pgxpool.NewWithConfig(ctx, c)
}

// upToDate makes sure that a schema is there that this program reads.
func upToDate(ctx context.Context, conn querier, config *pgx.ConnConfig) error {
	v, err := version(ctx, conn)
	if err != nil {
		return err
	}
	newest, err := newestVersion()
	if err != nil {
		return err
	}
	if 0 < v && v < newest { // another process may be bringing it up to date
		var waited string
		if err := conn.QueryRow(ctx, `SELECT pg_advisory_xact_lock_shared($1, $2)::text`, lockClass, upgradeLock).Scan(&waited); err != nil {
			return err
		}
		if v, err = version(ctx, conn); err != nil {
			return err
		}
	}
	switch {
	case v == 0:
		return refuse(migrate.NotFound, "to begin: chatbridge migrate", "there is no ledger in database %q", config.Database)
	case v < newest:
		return refuse(migrate.Conflict, "run chatbridge migrate with this version, which brings it up to date; or read it with the version that wrote it",
			"the ledgers in this database have schema version %d, and this chatbridge reads %d", v, newest)
	}
	return nil
}

// find finds the number of a migration in a schema that is up to date.
func find(ctx context.Context, conn querier, config *pgx.ConnConfig, name string) (int32, error) {
	if err := upToDate(ctx, conn, config); err != nil {
		return 0, err
	}
	var id int32
	err := conn.QueryRow(ctx, `SELECT id FROM chatbridge.migrations WHERE name = $1`, packText(name)).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, missing(ctx, conn, config, name)
	}
	return id, err
}

// namesShown bounds the names of migrations in an error.
const namesShown = 10

// missing names the migrations that are there.
func missing(ctx context.Context, conn querier, config *pgx.ConnConfig, name string) error {
	rows, err := conn.Query(ctx, `SELECT name FROM chatbridge.migrations ORDER BY name LIMIT $1`, namesShown+1)
	if err != nil {
		return err
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	hint := "to begin: chatbridge migrate"
	if len(names) > 0 {
		more := ""
		if len(names) > namesShown {
			names, more = names[:namesShown], ", …"
		}
		hint += "; to name one that is there: --migration, with " + strings.Join(names, ", ") + more
	}
	return refuse(migrate.NotFound, hint, "there is no migration %q in database %q", name, config.Database)
}

// Close lets go of the sessions.
func (r *Reader) Close() error {
	r.pool.Close()
	return nil
}

// Identity is the ID of the first run, and what tells this database from every other:
// the number that initdb gave the server, which a physical copy has too, its timeline,
// which changes when a standby takes over, the database and the migration in it.
func (r *Reader) Identity(ctx context.Context) (migrate.LedgerIdentity, error) {
	id, _, err := one(ctx, r, `SELECT id FROM chatbridge.runs WHERE migration_id = $1 ORDER BY number LIMIT 1`, nil, func(rows pgx.Rows) (id string, err error) {
		err = rows.Scan(scanText(&id))
		return id, err
	})
	if err != nil {
		return migrate.LedgerIdentity{}, fault("read identity of ledger", "", err)
	}
	place, _, err := one(ctx, r, `SELECT s.system_identifier || '.' || c.timeline_id || '.' || d.oid || '.' || $1::integer
		FROM pg_control_system() s, pg_control_checkpoint() c, pg_database d WHERE d.datname = current_database()`, nil, func(rows pgx.Rows) (place string, err error) {
		err = rows.Scan(&place)
		return place, err
	})
	if codeOf(err) == noRight { // nobody says which one it is
		return migrate.LedgerIdentity{ID: id}, nil
	}
	return migrate.LedgerIdentity{ID: id, File: fmt.Sprintf("postgres %s", place), Shared: true}, fault("read identity of ledger", "", err)
}

func each(rows pgx.Rows, err error, scan func(pgx.Rows) error) error {
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// all reads the records of a query whose first parameter is the migration.
func all[T any](ctx context.Context, r *Reader, query string, args []any, scan func(pgx.Rows) (T, error)) ([]T, error) {
	var records []T
	err := r.rows(ctx, query, append([]any{r.migration}, args...), func(rows pgx.Rows, err error) error {
		records = nil // what came of an answer before its connection was lost comes again
		return each(rows, err, func(rows pgx.Rows) error {
			record, err := scan(rows)
			records = append(records, record)
			return err
		})
	})
	return records, err
}

func one[T any](ctx context.Context, r *Reader, query string, args []any, scan func(pgx.Rows) (T, error)) (record T, ok bool, err error) {
	records, err := all(ctx, r, query, args, scan)
	if err != nil || len(records) == 0 {
		return record, false, err
	}
	return records[0], true, nil
}

// pages yields page after page, and gives an error its operation.
func pages[T any](op, sid string, load func(last *T) ([]T, error)) iter.Seq2[T, error] {
	return stored.Pages(pageRows, func(last *T) ([]T, error) {
		page, err := load(last)
		return page, fault(op, sid, err)
	})
}
