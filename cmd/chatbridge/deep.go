package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/pflag"

	"chatbridge/migrate"
	"chatbridge/migrate/replay"
	"chatbridge/migrate/verify"
	"chatbridge/reports"
)

// deepOption has a migration look at everything again that earlier runs brought
// over: it sees what a run passes by, edits and deletions of old messages.
type deepOption struct{ Deep bool }

func (o *deepOption) flags(fs *pflag.FlagSet) {
	fs.BoolVar(&o.Deep, "deep", false, "after migrating, compare both sides and bring over edits made in the source")
}

func (o *deepOption) check(m *migrateOptions) error {
	if !o.Deep {
		return nil
	}
	for _, c := range []struct {
		given bool
		flag  string
		why   string
	}{
		{m.DryRun, "--dry-run", "to compare without writing: chatbridge verify --repair"},
		{m.InPlace, "--in-place", "nothing is copied, so nothing can differ"},
		{m.OnlyFailed, "--only-failed", "it compares everything, not a part"},
	} {
		if c.given {
			return usageError("leave out one of them", "--deep does not go with %s: %s", c.flag, c.why)
		}
	}
	return nil
}

// conclude writes what a run did, and has --deep do its work; ended is how the
// run ended. Text shows each difference when it is found, below the summary; any
// other form is written when there is nothing more to find. What a run left
// unfinished is not compared.
func (o *migrateOptions) conclude(ctx context.Context, form reports.Format, m *replay.Migration, summary replay.Summary, ended error) error {
	write := func(deep *verify.Repairs) error { return writeSummary(ctx, o, form, m.Ledger, summary, deep) }
	if !o.Deep || ended != nil {
		if err := write(nil); err != nil {
			return err
		}
		return ended
	}
	if form == reports.Text {
		if err := write(nil); err != nil {
			return err
		}
		fmt.Fprintln(o.console.out)
		w := reports.NewRepairs(o.console.out, form, true, o.console.about()...)
		done, err := o.compare(ctx, form, m, w.Repair)
		if err != nil {
			return err
		}
		return errors.Join(w.Close(done), o.deepened(done))
	}
	done, ended := o.compare(ctx, form, m, func(verify.Repair) {})
	if ended != nil {
		return errors.Join(write(nil), ended)
	}
	if err := write(&done); err != nil {
		return err
	}
	return o.deepened(done)
}

// compare has a Repairer look at both sides of m. Once m is to drain, it stops
// at once: what was brought back is noted, and running again finds the rest.
func (o *migrateOptions) compare(ctx context.Context, form reports.Format, m *replay.Migration, report func(verify.Repair)) (verify.Repairs, error) {
	ctx, stop := cutWhen(ctx, m.Drain)
	defer stop()
	shown := o.progress(o.console, "compared")
	r := verify.Repairer{
		Verifier: verify.Verifier{Source: m.Source, Target: m.Target, Ledger: m.Ledger, Observer: shown, Settings: m.Settings},
		Write:    m.Target, Record: m.Ledger, Execute: true,
		Bring: replay.Bring(replay.Job{Source: m.Source, Ledger: m.Ledger, Settings: m.Settings}, temporaryLedger),
	}
	done, err := r.Run(ctx, report)
	shown.Close()
	done.Command = "migrate --deep"
	return done, interrupted(ctx, err)
}

// cutWhen cancels the context when drain closes, until the returned function is
// called.
func cutWhen(ctx context.Context, drain <-chan struct{}) (cut context.Context, stop func()) {
	cut, cancel := context.WithCancelCause(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		select {
		case <-cut.Done():
		case <-drain:
			cancel(&migrate.Error{
				Op: "compare", Kind: migrate.Interrupted, Err: errors.New("interrupted"),
				Hint: "the ledger has what arrived; run the same command again to compare the rest",
			})
		}
	}()
	return cut, func() {
		cancel(nil)
		<-done
	}
}

// deepened is how a deep run ends.
func (o *migrateOptions) deepened(done verify.Repairs) error {
	if done.Equal {
		return nil
	}
	var n int64
	for class, count := range done.Differences {
		if class != verify.Foreign {
			n += count
		}
	}
	return &outcome{
		status:  exitIncomplete,
		message: plural(int(n), "difference stays", "differences stay") + " between source and target",
		hint:    "to see each one, and why it stays:  chatbridge verify --repair --ledger " + quoted(o.Ledger),
	}
}
