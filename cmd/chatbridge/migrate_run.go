package main

import (
	"cmp"
	"context"
	"fmt"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/replay"
	"chatbridge/reports"
)

func runMigrate(ctx context.Context, o *migrateOptions) error {
	form, err := o.check()
	if err != nil {
		return err
	}
	if o.InPlace {
		return runInPlace(ctx, o, form)
	}
	if o.DryRun {
		o.settle = o.Settle
		return runAudit(ctx, &o.auditOptions)
	}
	all, err := o.material()
	if err != nil {
		return err
	}
	if !o.Yes && !o.console.terminal(o.console.in) {
		return usageError("look first with chatbridge audit; to begin: chatbridge migrate --yes", "there is no terminal to ask on")
	}
	if err := o.retryOption.check(ctx, o.console, o.Ledger); err != nil {
		return err
	}
	measured, err := o.measure(&o.connectionOptions, o.console)
	if err != nil {
		return err
	}
	defer measured.Close()
	s, err := o.prepare(ctx, all.mapper)
	if err != nil {
		return err
	}
	defer s.Close()
	if o.forWorkers() && o.console.of == nil {
		own := o.fingerprint(s, all.mapper)
		if err := o.bindFirst(ctx, own); err != nil {
			return err
		}
		agrees := func(bound migrate.Fingerprint) error { return o.accept(bound, own) }
		return joined(ctx, o, form, agrees, func(ctx context.Context, own *migrateOptions) error { return own.begin(ctx, form, s, all, measured) })
	}
	return o.begin(ctx, form, s, all, measured)
}

// material is what the files say that the settings name.
type material struct {
	mapper mapping.Mapper
	push   []migrate.Credential
}

func (o *migrateOptions) material() (all material, err error) {
	if err := o.load("migrate"); err != nil {
		return all, err
	}
	if all.mapper, err = o.mapper(); err != nil {
		return all, err
	}
	all.push, err = readCredentials(o.Credentials, o.console.err)
	return all, err
}

// prepare connects both sides, shows the plan and asks. Nothing is written.
func (o *migrateOptions) prepare(ctx context.Context, mapper mapping.Mapper) (*endpoints, error) {
	return o.connected(ctx, mapper, o.agree)
}

// connected connects both sides and calls then, which may still refuse.
func (o *migrateOptions) connected(ctx context.Context, mapper mapping.Mapper, then func(_ context.Context, _ *endpoints, _ mapping.Mapper, asked func()) error) (*endpoints, error) {
	ctx, stop := cutAtOnce(ctx, o.console)
	defer stop()
	shown := o.progress(o.console, connecting)
	o.settle = o.Settle // a longer one that was measured does not have our own machine hold requests back for longer
	o.followLedger(ctx, o.Ledger)
	s, err := o.connect(ctx, connector{&o.connectionOptions, o.console, shown.log, shown.Event}, writeTarget)
	defer shown.Close()
	if err != nil {
		return nil, interrupted(ctx, err)
	}
	o.console.met(s, &o.connectionOptions, o.Ledger)
	err = o.take(o.console, o.targetOf(o.console, s.targetAccount), "migrate")
	if err == nil {
		err = o.stops(s.targetAccount)
	}
	if err == nil {
		err = then(ctx, s, mapper, shown.Close)
	}
	if err != nil {
		_ = s.Close()
		return nil, interrupted(ctx, err)
	}
	return s, nil
}

func (o *migrateOptions) begin(ctx context.Context, form reports.Format, s *endpoints, all material, measured *meter) error {
	ctx, signalled, stop := interruptible(ctx, o.console)
	defer stop()
	drain, over, stopTimer := o.drained(signalled, o.console)
	defer stopTimer()
	ledger, err := o.openLedger(ctx, o.Ledger)
	if err != nil {
		return err
	}
	defer ledger.Close()
	if err := o.bind(ctx, ledger, o.fingerprint(s, all.mapper)); err != nil {
		return err
	}
	ctx, resume := o.pauseOption.watch(ctx, o.tell(o.console))
	defer resume()
	if err := createCredentials(ctx, s.writer, drain, all.push, o.console.err); err != nil {
		return interrupted(ctx, err)
	}
	originals := keepOriginals(ledger, o.Ledger)
	shown := o.progress(o.console, "migrated")
	unmatched := func() []migrate.Unmatched {
		_ = o.matched.knownTo(context.WithoutCancel(ctx), ledger) // what the ledger cannot tell, no run has met
		return o.matched.unmatched()
	}
	m := &replay.Migration{
		Source: s.source, Target: s.writer, Ledger: ledger, Observer: shown,
		Settings: migrate.Settings{
			Services: o.Services, ToService: o.target(), Mapper: all.mapper,
			Concurrency: o.channels(), APS: o.APS,
			Settle: o.rehearsed.Lengthen(o.Settle), Watchdog: o.Watchdog, MaxErrors: o.MaxErrors, OnlyFailed: o.OnlyFailed, UserChannels: s.userChannels, Unmatched: unmatched,
		},
		Sidecar: originals,
		Traffic: s.counter.Traffic,
		Drain:   drain,
	}
	measured.run(m)
	m.Began = shown.during(m.Began)
	summary, err := m.Run(ctx)
	closed, kept := originals.Close(), o.console.keep(ctx, ledger)
	err = cmp.Or(err, closed, kept) // what ended the run ends the others too
	shown.Close()
	if err == nil {
		o.noteFiles(o.console.err)
	}
	err = o.conclude(ctx, form, m, summary, err)
	if migrate.KindOf(err) == migrate.Interrupted && over() {
		return o.expired()
	}
	if err != nil {
		return interrupted(ctx, err)
	}
	return carried(summary)
}

// carried is how a run ends that came to its end.
func carried(summary replay.Summary) error {
	if summary.Status == migrate.Partial {
		return &outcome{
			status:  exitIncomplete,
			message: fmt.Sprintf("%s not carried whole", plural(len(summary.Failures), "resource was", "resources were")),
			hint:    "to see what and why: chatbridge status --all; to try again: chatbridge migrate",
		}
	}
	return nil
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
