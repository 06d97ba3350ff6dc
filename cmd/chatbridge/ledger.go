package main

import (
	"context"

	"github.com/spf13/pflag"

	"chatbridge/migrate"
	"chatbridge/migrate/sqlite"
)

// ledgerOption says where the ledger is.
type ledgerOption struct{ Ledger string }

const defaultLedger = "chatbridge.db"

func (o *ledgerOption) flags(fs *pflag.FlagSet) {
	settings(fs, func(fs *pflag.FlagSet) {
		fs.StringVar(&o.Ledger, "ledger", defaultLedger, "`file` that records what arrived")
	})
}

// openLedger opens a ledger for writing. This file alone knows what kind of
// ledger that is.
func openLedger(ctx context.Context, path string) (migrate.Ledger, error) {
	l, err := sqlite.Open(ctx, path)
	if err != nil {
		return nil, err
	}
	return l, nil
}

// readLedger opens a ledger for reading. Its error has Kind NotFound if there is
// none yet.
func readLedger(ctx context.Context, path string) (migrate.LedgerReader, error) {
	r, err := sqlite.OpenReader(ctx, path)
	if err != nil {
		return nil, err
	}
	return r, nil
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
	h, err := sqlite.Hold(ctx, path)
	if err != nil {
		return nil, err
	}
	return h, nil
}

// lookAtLedger says which files the ledger consists of, and keeps no lock.
func lookAtLedger(ctx context.Context, path string) ([]string, error) { return sqlite.Look(ctx, path) }

// isLedger reports whether a file is meant for a ledger: whether it is one that can
// be read is said when it is opened.
func isLedger(path string) bool { return sqlite.Shaped(path) }
