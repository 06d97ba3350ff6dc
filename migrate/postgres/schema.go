package postgres

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"chatbridge/migrate"
)

//go:embed migrations/*.sql
var embedded embed.FS

// versionTable is where goose keeps the version of the schema.
const versionTable = schemaName + ".goose_db_version"

// lockClass is the first number of all our advisory locks: "CBLG". The second is that of
// a migration, or upgradeLock.
const (
	lockClass   = int32(0x43424C47)
	upgradeLock = int32(0)
)

// version is that of the schema, and 0 if there is none yet. A newer one than ours has
// Kind Conflict.
func version(ctx context.Context, conn querier) (int64, error) {
	var there bool
	if err := conn.QueryRow(ctx, `SELECT to_regclass($1) IS NOT NULL`, versionTable).Scan(&there); err != nil || !there {
		return 0, err
	}
	var v int64
	if err := conn.QueryRow(ctx, `SELECT coalesce(max(version_id), 0) FROM `+versionTable+` WHERE is_applied`).Scan(&v); err != nil {
		return 0, err
	}
	newest, err := newestVersion()
	if err != nil {
		return 0, err
	}
	if v > newest {
		return 0, refuse(migrate.Conflict, "use the newer chatbridge that wrote it",
			"the ledgers in this database have schema version %d, and this chatbridge knows up to %d", v, newest)
	}
	return v, nil
}

// querier is a connection, a transaction or a pool.
type querier interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

func newestVersion() (newest int64, err error) {
	names, err := fs.Glob(embedded, "migrations/*.sql")
	for _, name := range names {
		v, verr := goose.NumericComponent(name)
		newest, err = max(newest, v), errors.Join(err, verr)
	}
	return newest, err
}

// upgrade brings the schema to the newest version. Two processes that do it at once take
// turns.
func upgrade(ctx context.Context, conn *pgx.Conn, config *pgx.ConnConfig) error {
	newest, err := newestVersion()
	if err != nil {
		return err
	}
	// Without a lock first: a role that may only write rows opens a schema that is up
	// to date.
	if v, err := version(ctx, conn); err != nil || v == newest {
		return err
	}
	if _, err := conn.Exec(ctx, `SELECT pg_advisory_lock($1, $2)`, lockClass, upgradeLock); err != nil {
		return err
	}
	err = upgradeLocked(ctx, conn, config)
	_, unlockErr := conn.Exec(ctx, `SELECT pg_advisory_unlock($1, $2)`, lockClass, upgradeLock)
	return errors.Join(err, unlockErr)
}

func upgradeLocked(ctx context.Context, conn *pgx.Conn, config *pgx.ConnConfig) error {
	var there bool
	if err := conn.QueryRow(ctx, `SELECT to_regnamespace($1) IS NOT NULL`, schemaName).Scan(&there); err != nil {
		return err
	}
	if !there {
		if _, err := conn.Exec(ctx, `CREATE SCHEMA `+schemaName); err != nil {
			return err
		}
	}
	migrations, err := fs.Sub(embedded, "migrations")
	if err != nil {
		return fmt.Errorf("open migrations: %w", err)
	}
	db := stdlib.OpenDB(*config)
	defer db.Close()
	p, err := goose.NewProvider(goose.DialectPostgres, db, migrations,
		goose.WithTableName(versionTable), goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("upgrade schema: %w", err)
	}
	return nil
}
