package main

import (
	"context"
	"path/filepath"

	"github.com/spf13/pflag"

	"chatbridge/migrate"
	"chatbridge/migrate/postgres"
	"chatbridge/migrate/sqlite"
)

// ledgerOption says where the ledger is: the path of a file, or the URL of a database
// without its password, with the name of the migration behind a #.
type ledgerOption struct{ Ledger string }

const (
	defaultLedger    = "chatbridge.db"
	defaultMigration = "default"
)

func (o *ledgerOption) flags(fs *pflag.FlagSet) {
	settings(fs, func(fs *pflag.FlagSet) {
		fs.StringVar(&o.Ledger, "ledger", defaultLedger, "`file`, or postgres:// URL, that records what arrived")
		fs.String(migrationFlag, defaultMigration, "`name` of the migration in a PostgreSQL ledger")
		fs.Duration(leaseFlag, postgres.DefaultLease, "how long a process that is gone keeps others from a PostgreSQL ledger")
	})
}

// openLedger opens a ledger for writing. This file and the one that copies ledgers
// alone know what kind of ledger that is.
func openLedger(ctx context.Context, path string) (migrate.Ledger, error) {
	if isDatabase(path) {
		url, migration := databaseOf(ctx, path)
		l, err := postgres.Open(ctx, url, migration, databaseOptions(ctx)...)
		if err != nil {
			return nil, err
		}
		return l, nil
	}
	l, err := sqlite.Open(ctx, path)
	if err != nil {
		return nil, err
	}
	return l, nil
}

// readLedger opens a ledger for reading. Its error has Kind NotFound if there is
// none yet.
func readLedger(ctx context.Context, path string) (migrate.LedgerReader, error) {
	if isDatabase(path) {
		url, migration := databaseOf(ctx, path)
		r, err := postgres.OpenReader(ctx, url, migration)
		if err != nil {
			return nil, err
		}
		return r, nil
	}
	r, err := sqlite.OpenReader(ctx, path)
	if err != nil {
		return nil, err
	}
	return r, nil
}

// createLedger makes one that comes into being when it is kept.
func createLedger(ctx context.Context, path string) (migrate.Whole, error) {
	if isDatabase(path) {
		url, migration := databaseOf(ctx, path)
		w, err := postgres.Create(ctx, url, migration)
		if err != nil {
			return nil, err
		}
		return w, nil
	}
	w, err := sqlite.Create(ctx, path)
	if err != nil {
		return nil, err
	}
	return w, nil
}

// temporaryLedger opens an empty one that is gone when it is closed.
func temporaryLedger(ctx context.Context) (migrate.Ledger, error) { return sqlite.OpenTemporary(ctx) }

// heldLedger is a ledger that nobody else writes, so that it can be removed.
type heldLedger interface {
	Files() []string
	Remove(path string) error
	Close() error
}

func holdLedger(ctx context.Context, path string) (heldLedger, error) {
	if isDatabase(path) {
		url, migration := databaseOf(ctx, path)
		h, err := postgres.Hold(ctx, url, migration, databaseOptions(ctx)...)
		if err != nil {
			return nil, err
		}
		return heldDatabase{h, path}, nil
	}
	h, err := sqlite.Hold(ctx, path)
	if err != nil {
		return nil, err
	}
	return h, nil
}

// heldDatabase is a migration in a database: one thing, whatever it consists of.
type heldDatabase struct {
	*postgres.Held
	name string
}

func (h heldDatabase) Files() []string     { return []string{h.name} }
func (h heldDatabase) Remove(string) error { return h.Held.Remove(context.Background()) }

// lookAtLedger says which files the ledger consists of, and keeps no lock.
func lookAtLedger(ctx context.Context, path string) ([]string, error) {
	if isDatabase(path) {
		url, migration := databaseOf(ctx, path)
		return []string{path}, postgres.Look(ctx, url, migration, databaseOptions(ctx)...)
	}
	return sqlite.Look(ctx, path)
}

// databaseBytes is how many bytes a migration in a database has.
func databaseBytes(ctx context.Context, ledger string) (int64, error) {
	url, migration := databaseOf(ctx, ledger)
	return postgres.Size(ctx, url, migration)
}

// isLedger reports whether a file is meant for a ledger: whether it is one that can
// be read is said when it is opened.
func isLedger(path string) bool { return isDatabase(path) || sqlite.Shaped(path) }

// isDatabase reports whether a ledger is in a database.
func isDatabase(ledger string) bool { return postgres.IsURL(ledger) }

// besideLedger is where files are kept beside a ledger, up to their suffix: in the
// working folder if it is in a database.
func besideLedger(ledger string) string {
	if isDatabase(ledger) {
		return databaseFile(ledger)
	}
	return ledger
}

// ledgerLabel is how a report names a ledger: without folders and hosts, which name
// people and machines.
func ledgerLabel(ledger string) string {
	if isDatabase(ledger) {
		return databaseLabel(ledger)
	}
	return filepath.Base(ledger)
}
