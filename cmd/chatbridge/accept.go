package main

import (
	"context"
	"errors"

	"chatbridge/migrate"
)

// rebindable is a ledger that can go on under other settings.
type rebindable interface {
	Fingerprint(ctx context.Context) (migrate.Fingerprint, error)
	Rebind(ctx context.Context, f migrate.Fingerprint, fixed ...string) error
}

// fixedSettings say which migration a ledger is of. With others it would be
// another migration, which needs a ledger of its own.
var fixedSettings = []string{"source account", "target account", servicesSetting, "--to-service", modeSetting}

// bind ties the ledger to the settings of this run. Where it was made by others
// the error names each, and the hint says whether they can be accepted.
func (o *migrateOptions) bind(ctx context.Context, ledger migrate.Ledger, f migrate.Fingerprint) error {
	r, ok := ledger.(rebindable)
	if !ok {
		return ledger.Bind(ctx, f)
	}
	if o.AcceptSettings {
		err := r.Rebind(ctx, f, fixedSettings...)
		return hinted(err, "--accept-settings is not for accounts and services: use those that the ledger was made by, or another --ledger")
	}
	err := ledger.Bind(ctx, f)
	if migrate.KindOf(err) != migrate.Conflict {
		return err
	}
	bound, failed := r.Fingerprint(ctx)
	if failed != nil {
		return errors.Join(err, failed)
	}
	for _, name := range fixedSettings {
		if bound[name] != f[name] {
			return err
		}
	}
	return hinted(err, "use the settings that the ledger was made by, or accept these for what is not done yet with --accept-settings")
}

// hinted is a conflict with another hint.
func hinted(err error, hint string) error {
	e, ok := errors.AsType[*migrate.Error](err)
	if !ok || e.Kind != migrate.Conflict {
		return err
	}
	own := *e
	own.Hint = hint
	return &own
}
