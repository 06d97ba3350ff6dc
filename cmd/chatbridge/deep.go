package main

import (
	"context"
	"errors"
	"io"

	"github.com/spf13/pflag"

	"chatbridge/migrate"
	"chatbridge/reports"
)

// deepOption has a migration look at everything again that earlier runs brought
// over: it sees what a run passes by, edits and deletions of old messages.
type deepOption struct{ Deep bool }

func (o *deepOption) flags(fs *pflag.FlagSet) {
	fs.BoolVar(&o.Deep, "deep", false, "then compare everything, and bring over what was edited in the source since it arrived")
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
		{m.DryRun, "--dry-run", "to compare and write nothing: chatbridge verify --repair"},
		{m.InPlace, "--in-place", "nothing is copied, so nothing can differ"},
		{m.OnlyFailed, "--only-failed", "everything is compared, not a part"},
	} {
		if c.given {
			return misuse("leave out one of them", "--deep does not go with %s: %s", c.flag, c.why)
		}
	}
	return nil
}

// conclude writes what a run did, and before it ends has --deep do its work.
// Text shows each difference when it is found, below the summary; JSON is one
// object, which is whole only afterwards. failed is how the run ended; there is
// nothing to compare after one that did not get to its end.
func (o *migrateOptions) conclude(ctx context.Context, form reports.Format, m *migrate.Migration, summary migrate.Summary, failed error) error {
	if !o.Deep || failed != nil {
		return errors.Join(writeSummary(ctx, o, form, m.Ledger, summary), failed)
	}
	if form == reports.Text {
		if err := writeSummary(ctx, o, form, m.Ledger, summary); err != nil {
			return err
		}
		_, err := o.compare(ctx, m, o.console.out, form)
		return err
	}
	return nil
}
