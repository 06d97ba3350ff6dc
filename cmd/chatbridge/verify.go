package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"chatbridge/migrate"
	"chatbridge/migrate/sqlite"
	"chatbridge/reports"
)

// verifyOptions are those of verify.
type verifyOptions struct {
	*commonOptions
	connectionOptions
	mappingOptions
	outputOption
	ledgerOption

	console *console
	connect func(context.Context, connector, access) (*sides, error)
	// openLedger opens the ledger for reading.
	openLedger func(ctx context.Context, path string) (*sqlite.Reader, error)
}

var verifyForms = []reports.Format{reports.Text, reports.JSON, reports.CSV}

func newVerify(c *console, common *commonOptions, run func(context.Context, *verifyOptions) error) *cobra.Command {
	o := &verifyOptions{commonOptions: common, console: c, connect: dial, openLedger: sqlite.OpenReader}
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Compare both sides, item by item",
		Long: `Read the source and the target again and report every difference, one line each:

  -  missing: the target lacks it        !  altered: another value, or place
  +  extra or doubled: the source lacks it
  ?  foreign: written by someone else; no difference

It never writes. It finds conversations by their mark, and asks the ledger where
they bear none. Give it the settings that the migration had.` +
			exitHelp(exitDone, exitFailed, exitUsage, exitIncomplete, exitCredentials, exitService, exitInterrupted),
		Example: `  chatbridge verify
  chatbridge verify --output csv > differences.csv`,
		GroupID: groupMigrate,
		Args:    noArguments,
		RunE:    func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), o) },
	}
	o.connectionOptions.flags(cmd.Flags())
	o.mappingOptions.flags(cmd.Flags())
	o.ledgerOption.flags(cmd.Flags())
	o.outputOption.flags(cmd.Flags(), verifyForms...)
	return cmd
}

func runVerify(ctx context.Context, o *verifyOptions) error {
	if err := errors.Join(o.connectionOptions.check(), o.mappingOptions.check()); err != nil {
		return err
	}
	form, err := o.format(verifyForms...)
	if err != nil {
		return err
	}
	mapper, err := o.mapper()
	if err != nil {
		return err
	}
	ctx, stop := cutAtOnce(ctx, o.console)
	defer stop()
	shown := o.progress(o.console, "compared", form != reports.Text)
	v, err := o.verify(ctx, form, shown, migrate.Settings{
		Services: o.Services, ToService: o.target(), Mapper: mapper, Concurrency: o.Concurrency, APS: o.APS,
	})
	shown.Close()
	if err != nil {
		return err
	}
	if !v.Equal {
		var n int64
		for class, count := range v.Differences {
			if class != migrate.Foreign {
				n += count
			}
		}
		return &outcome{
			status:  exitIncomplete,
			message: plural(int(n), "difference", "differences") + " between source and target",
			hint:    "if people already write into the target, or the source moved on, that is expected; otherwise run chatbridge migrate again",
		}
	}
	return nil
}

func (o *verifyOptions) verify(ctx context.Context, form reports.Format, shown *progress, set migrate.Settings) (migrate.Verification, error) {
	var none migrate.Verification
	s, err := o.connect(ctx, connector{&o.connectionOptions, o.console, shown.log, shown.Event}, readTarget)
	if err != nil {
		return none, interrupted(ctx, err)
	}
	defer s.Close()
	if _, err := o.selected(s.services); err != nil {
		return none, err
	}
	v := &migrate.Verifier{Source: s.source, Target: s.reader, Observer: shown, Settings: set}
	ledger, err := o.openLedger(ctx, o.Ledger)
	switch {
	case err == nil:
		defer ledger.Close()
		v.Ledger = ledger
	case migrate.KindOf(err) != migrate.NotFound:
		return none, err
	}
	w := reports.NewVerification(o.console.out, form)
	found, err := v.Run(ctx, w.Difference)
	if err != nil {
		return none, interrupted(ctx, err)
	}
	return found, w.Close(found)
}
