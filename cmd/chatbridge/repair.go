package main

import (
	"context"
	"fmt"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/replay"
	"chatbridge/migrate/verify"
	"chatbridge/reports"
)

// runRepair is verify --repair. It writes nothing without --execute, neither to
// the target nor to the ledger.
func runRepair(ctx context.Context, o *verifyOptions, form reports.Format, mapper mapping.Mapper) error {
	if o.Execute && !o.Yes && !o.console.terminal(o.console.in) {
		return usageError("look first with chatbridge verify --repair; to repair: chatbridge verify --repair --execute --yes", "there is no terminal to ask on")
	}
	ctx, stop := cutAtOnce(ctx, o.console)
	defer stop()
	target := readTarget
	if o.Execute {
		target = writeTarget
	}
	o.settle = o.Settle
	shown := o.progress(o.console, connecting)
	o.followLedger(ctx, o.Ledger)
	s, err := o.connect(ctx, connector{&o.connectionOptions, o.console, shown.log, shown.Event}, target)
	shown.Close()
	if err != nil {
		return interrupted(ctx, err)
	}
	defer s.Close()
	o.console.met(s, &o.connectionOptions, o.Ledger)
	if err := o.take(o.console, o.targetOf(o.console, s.targetAccount), "verify --repair"); err != nil {
		return err
	}
	if o.Execute { // it writes messages as a migration does
		if err := o.stops(s.targetAccount); err != nil {
			return err
		}
	}
	o.announce(o.tell(o.console), o.Settle)
	if err := o.agree(ctx, s, mapper); err != nil {
		return interrupted(ctx, err)
	}
	r := verify.Repairer{
		Verifier: verify.Verifier{Source: s.source, Target: s.reader, Settings: o.settings(mapper), Files: o.Files},
		Write:    s.writer, Execute: o.Execute,
	}
	r.Settings.UserChannels, r.Settings.Unmatched = s.userChannels, o.matched.unmatched
	release, err := o.openRecord(ctx, &r, o.fingerprint(s, mapper))
	if err != nil {
		return interrupted(ctx, err)
	}
	defer release()
	r.Bring = replay.Bring(replay.Job{Source: s.source, Ledger: r.Record, Settings: r.Settings}, temporaryLedger)
	if o.Execute { // a preview writes nothing
		paused, resume := o.pauseOption.watch(ctx, o.tell(o.console))
		defer resume()
		ctx = paused
	}
	shown = o.progress(o.console, "compared")
	r.Observer = shown
	w := o.console.mending(form, o.Execute)
	done, err := r.Run(ctx, w.Repair)
	shown.Close()
	if err != nil {
		return interrupted(ctx, err)
	}
	if err := w.Close(done); err != nil {
		return err
	}
	o.noteFiles(o.console.err)
	return repaired(done)
}

// agree asks before anything is written.
func (o *verifyOptions) agree(ctx context.Context, s *endpoints, mapper mapping.Mapper) error {
	services, err := o.selectServices(ctx, s, mapper)
	if err != nil || !o.Execute {
		return err
	}
	if o.Quiet && o.Yes {
		return nil
	}
	fmt.Fprintf(o.console.err, "Repair in account %s what was migrated from account %s:\n", s.targetAccount, s.sourceAccount)
	for _, one := range services {
		fmt.Fprintf(o.console.err, "  %s %s\n", one.SID, reports.Plain(one.FriendlyName))
	}
	fmt.Fprintf(o.console.err, "Ledger: %s\n", o.Ledger)
	if o.Yes {
		return nil
	}
	return o.console.confirm(ctx)
}

// openRecord lets the repair read the ledger and, with --execute, write it: what
// is brought back is noted there, so that the next migration finds nothing to
// do. A migration that was made without a ledger at hand can be repaired too.
func (o *verifyOptions) openRecord(ctx context.Context, r *verify.Repairer, f migrate.Fingerprint) (release func(), err error) {
	release, err = o.readRecord(ctx, &r.Verifier)
	if err != nil || r.Ledger == nil || !o.Execute {
		return release, err
	}
	release()
	ledger, err := openLedger(ctx, o.Ledger)
	if err != nil {
		return nil, err
	}
	if err := o.bind(ctx, ledger, f); err != nil {
		_ = ledger.Close()
		return nil, err
	}
	r.Ledger, r.Record = ledger, ledger
	return func() { _ = ledger.Close() }, nil
}

// bind refuses a ledger of other settings. A repair may take fewer services than
// the migration did.
func (o *verifyOptions) bind(ctx context.Context, l migrate.Ledger, f migrate.Fingerprint) error {
	bound, err := l.Fingerprint(ctx)
	if err != nil {
		return err
	}
	if all, ok := bound[servicesSetting]; ok {
		f[servicesSetting] = all
	}
	return l.Bind(ctx, f)
}

// repaired is how a repair ends.
func repaired(done verify.Repairs) error {
	if done.Equal {
		return nil
	}
	o := &outcome{status: exitIncomplete, message: "source and target differ"}
	switch {
	case !done.Executed && done.Possible > 0:
		o.message = fmt.Sprintf("source and target differ; nothing was written; %s", plural(int(done.Possible), "difference can be brought back", "differences can be brought back"))
		o.hint = "to bring back what can be: chatbridge verify --repair --execute"
	case done.Done < done.Possible:
		o.message = fmt.Sprintf("%s not brought back", plural(int(done.Possible-done.Done), "difference was", "differences were"))
		o.hint = "the lines above say why; to try again, run the same command again"
	default:
		o.hint = "the lines above say why the rest cannot be brought back"
	}
	return o
}
