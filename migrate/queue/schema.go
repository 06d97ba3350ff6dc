package queue

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"chatbridge/migrate"
)

// migrating is the advisory lock of whoever changes River's tables: "cbqueue".
const migrating = 0x63627175657565

// check looks at what the connection reaches before anything is changed.
func (q *Queue) check(ctx context.Context) error {
	conn, err := q.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	var server uint32
	var missing []string
	err = conn.QueryRow(ctx, `SELECT pg_backend_pid(), coalesce(array_agg(name) FILTER (WHERE to_regclass(name) IS NULL), '{}')
		FROM unnest(ARRAY['chatbridge.migrations', 'chatbridge.leases', 'chatbridge.work']) name`).Scan(&server, &missing)
	if err != nil {
		return err
	}
	// A pooler makes up the process ID that it greets a client with.
	if server != conn.Conn().PgConn().PID() && !q.options.PollOnly {
		q.options.PollOnly = true
		q.notice("A pooler stands before PostgreSQL: new work is looked for, not listened for")
	}
	if len(missing) > 0 {
		return &migrate.Error{
			Op: "find tables", Kind: migrate.Usage, Err: fmt.Errorf("this database has no table %s", strings.Join(missing, ", ")),
			Hint: "prepare the ledger first, with this version: chatbridge migrate",
		}
	}
	return nil
}

// migrate brings River's tables up to date. Nothing is written, and no right to
// create is needed, if they are.
func (q *Queue) migrate(ctx context.Context) error {
	if current, err := q.current(ctx); err != nil || current {
		return err
	}
	return pgx.BeginFunc(ctx, q.pool, func(lock pgx.Tx) error {
		// The lock goes with its transaction: a pooler may give the next one another session.
		if _, err := lock.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(migrating)); err != nil {
			return err
		}
		if current, err := q.current(ctx); err != nil || current {
			return err
		}
		if exists, err := q.exists(ctx); err != nil {
			return err
		} else if !exists {
			if _, err := q.pool.Exec(ctx, `CREATE SCHEMA `+pgx.Identifier{q.options.Schema}.Sanitize()); err != nil {
				return err
			}
		}
		m, err := q.migrator()
		if err != nil {
			return err
		}
		_, err = m.Migrate(ctx, rivermigrate.DirectionUp, nil)
		return err
	})
}

func (q *Queue) migrator() (*rivermigrate.Migrator[pgx.Tx], error) {
	return rivermigrate.New(riverpgxv5.New(q.pool), &rivermigrate.Config{Schema: q.options.Schema, Logger: logger(q.observer)})
}

func (q *Queue) exists(ctx context.Context) (exists bool, err error) {
	err = q.pool.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1)`, q.options.Schema).Scan(&exists)
	return exists, err
}

// current says whether River's tables are what this version wants.
func (q *Queue) current(ctx context.Context) (bool, error) {
	if exists, err := q.exists(ctx); err != nil || !exists {
		return false, err
	}
	m, err := q.migrator()
	if err != nil {
		return false, err
	}
	there, err := m.ExistingVersions(ctx)
	if err != nil {
		if strings.Contains(err.Error(), "not found in migrator bundle") {
			return false, &migrate.Error{
				Op: "read version of schema " + q.options.Schema, Kind: migrate.Conflict, Err: err,
				Hint: "a newer chatbridge works on this database: use that version here too",
			}
		}
		return false, err
	}
	return len(there) == len(m.AllVersions()), nil
}
