package main

import (
	"cmp"
	"context"
	"errors"

	"chatbridge/migrate"
)

// fixedSettings say which migration a ledger is of. With others it would be
// another migration, which needs a ledger of its own.
var fixedSettings = []string{sourceAccountSetting, targetAccountSetting, targetRegionSetting, servicesSetting, "--to-service", modeSetting}

// bind ties the ledger to the settings of this run.
func (o *migrateOptions) bind(ctx context.Context, ledger migrate.Ledger, f migrate.Fingerprint) error {
	if o.AcceptSettings {
		return hinted(ledger.Rebind(ctx, f, fixedSettings...), fixedHint)
	}
	err := ledger.Bind(ctx, f)
	if migrate.KindOf(err) != migrate.Conflict {
		return err
	}
	bound, failed := ledger.Fingerprint(ctx)
	if failed != nil {
		return errors.Join(err, failed)
	}
	return o.accept(bound, f)
}

const fixedHint = "--accept-settings does not cover accounts, services and the region of the target; to begin another migration: chatbridge migrate --ledger another.db"

// accept compares what a ledger is bound to with the settings of this run. The
// error names each that differs, and the hint says whether they can be accepted.
func (o *migrateOptions) accept(bound, f migrate.Fingerprint) error {
	fixed := bound.Agree(f, fixedSettings...)
	if o.AcceptSettings {
		return hinted(fixed, fixedHint)
	}
	err := bound.Agree(f)
	if fixed != nil {
		return err
	}
	return hinted(err, "use the settings that the ledger was made with, or accept these for what is still to come: chatbridge migrate --accept-settings")
}

// alike compares what a ledger is bound to with the settings of this run, without a
// look at the accounts: what only they tell is taken to agree.
func (o *migrateOptions) alike(bound migrate.Fingerprint, source, target string) error {
	mapper, err := o.mapper()
	if err != nil {
		return err
	}
	s := &endpoints{
		sourceAccount: bound[sourceAccountSetting], targetAccount: cmp.Or(target, bound[targetAccountSetting]), sourceAPI: bound[sourceAPISetting],
		sourceRegion: bound[sourceRegionSetting], targetRegion: bound[targetRegionSetting],
	}
	if o.FromArchive == "" {
		s.sourceAccount = cmp.Or(source, s.sourceAccount)
		if o.SourceAPI != autoAPI {
			s.sourceAPI = o.api()
		}
	}
	return o.accept(bound, o.fingerprint(s, mapper))
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
