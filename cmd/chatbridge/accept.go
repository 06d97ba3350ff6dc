package main

import (
	"context"
	"errors"

	"chatbridge/migrate"
)

// fixedSettings say which migration a ledger is of. With others it would be
// another migration, which needs a ledger of its own.
var fixedSettings = []string{"source account", "target account", servicesSetting, "--to-service", modeSetting}

// bind ties the ledger to the settings of this run. Where it was made by others
// the error names each, and the hint says whether they can be accepted.
func (o *migrateOptions) bind(ctx context.Context, ledger migrate.Ledger, f migrate.Fingerprint) error {
	if o.AcceptSettings {
		err := ledger.Rebind(ctx, f, fixedSettings...)
		return hinted(err, "--accept-settings is not for accounts and services: use those that the ledger was made by, or another --ledger")
	}
	err := ledger.Bind(ctx, f)
	if migrate.KindOf(err) != migrate.Conflict {
		return err
	}
	bound, failed := ledger.Fingerprint(ctx)
	if failed != nil {
		return errors.Join(err, failed)
	}
	if bound.Agree(f, fixedSettings...) != nil {
		return err
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
