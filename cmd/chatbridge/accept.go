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

// bindFirst ties a ledger that workers are to be asked to work on to the settings of
// whoever asks, unless it is bound already: a worker with others, if it were the first
// to open it, would bind it to its own and migrate everything by them.
func (o *migrateOptions) bindFirst(ctx context.Context, f migrate.Fingerprint) error {
	bound, err := o.boundTo(ctx)
	if err != nil || len(bound) > 0 {
		return cmp.Or(err, o.accept(bound, f))
	}
	ledger, err := o.openLedger(ctx, o.Ledger)
	if errors.Is(err, migrate.ErrInUse) {
		return nil // whoever has it has bound it meanwhile, and the result is compared
	}
	if err != nil {
		return err
	}
	return errors.Join(o.bind(ctx, ledger, f), ledger.Close())
}

// boundTo is what the ledger is bound to; empty if it is not, or there is none.
func (o *migrateOptions) boundTo(ctx context.Context) (migrate.Fingerprint, error) {
	ledger, err := readLedger(ctx, o.Ledger)
	if migrate.KindOf(err) == migrate.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer ledger.Close()
	return ledger.Fingerprint(ctx)
}

// bindForWorkers is bindFirst for one of many accounts, which it connects only if it has
// to.
func (o *migrateOptions) bindForWorkers(ctx context.Context, source, target string) error {
	bound, err := o.boundTo(ctx)
	if err != nil {
		return err
	}
	if len(bound) > 0 {
		return o.alike(bound, source, target)
	}
	all, err := o.material()
	if err != nil {
		return err
	}
	s, err := o.prepare(ctx, all.mapper)
	if err != nil {
		return err
	}
	defer s.Close()
	return o.bindFirst(ctx, o.fingerprint(s, all.mapper))
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
