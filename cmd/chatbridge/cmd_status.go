package main

import (
	"context"
	"io"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"chatbridge/migrate"
	"chatbridge/reports"
)

// statusOptions are those of status.
type statusOptions struct {
	outputOption
	ledgerOption
	Watch    bool
	All      bool
	Interval time.Duration

	console    *console
	openLedger func(ctx context.Context, path string) (migrate.LedgerReader, error)
	// size is that of the terminal, in characters.
	size func() (width, height int)
}

var statusForms = []reports.Format{reports.Text, reports.JSON, reports.Markdown}

const defaultInterval = 2 * time.Second

func newStatus(c *console, run func(context.Context, *statusOptions) error) *cobra.Command {
	o := &statusOptions{console: c, openLedger: readLedger, size: terminalSize}
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show how far a migration is, and what failed",
		Long: `Show from the ledger, the file that records what arrived, how far a migration
is: how much is done, how fast, how often it was throttled, how long the rest
takes, what it waits for, and what was not carried and why. It works while a
migration runs, from another terminal.

--watch shows this until the run ends, and exits with the status of that run: 0
complete, 3 something was not carried, 1 failed, 130 interrupted or killed. On a
terminal it redraws in place. Elsewhere it adds a line each time; with --output
json, each line is an object. Interrupting it does not touch the run.

For a ledger in PostgreSQL it also shows who holds it and until when, and how far
the pass is that workers were asked for. --watch then goes on while a worker has
the pass or is to take it up.

For many accounts see: chatbridge help accounts

It never opens a connection, except to the database of a PostgreSQL ledger, needs
no credentials of Twilio and changes nothing.` +
			exitHelp(exitDone, exitFailed, exitUsage, exitIncomplete, exitCredentials, exitService, exitLedger, exitInterrupted),
		Example: `  chatbridge status
  chatbridge status --watch
  chatbridge status --ledger support.db --output json`,
		GroupID: groupMigrate,
		Args:    noArguments,
		RunE:    func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), o) },
	}
	o.ledgerOption.flags(cmd.Flags())
	o.outputOption.flags(cmd.Flags(), statusForms...)
	settings(cmd.Flags(), func(fs *pflag.FlagSet) {
		fs.DurationVar(&o.Interval, "interval", defaultInterval, "time between updates of --watch")
	})
	cmd.Flags().BoolVar(&o.All, "all", false, "name everything that was not carried, not just the latest 20")
	cmd.Flags().BoolVarP(&o.Watch, "watch", "w", false, "show updates until the run ends")
	return cmd
}

func (o *statusOptions) check() (reports.Format, error) {
	form, err := o.format(statusForms...)
	switch {
	case err != nil:
		return "", err
	case o.Watch && form == reports.Markdown:
		return "", usageError("choose text or json", "--watch does not support markdown")
	case o.Watch && o.Interval < minInterval:
		return "", usageError("write a duration with its unit, such as 2s", "--interval %s is below %s", o.Interval, minInterval)
	}
	return form, nil
}

// minInterval keeps a slip of the fingers from keeping a disk busy.
const minInterval = 100 * time.Millisecond

func runStatus(ctx context.Context, o *statusOptions) error {
	form, err := o.check()
	if err != nil {
		return err
	}
	ledger, err := o.openLedger(ctx, o.Ledger)
	if err != nil {
		return err
	}
	defer ledger.Close()
	bound, err := ledger.Fingerprint(ctx)
	if err != nil {
		return err
	}
	last, _, err := ledger.LastRun(ctx)
	if err != nil {
		return err
	}
	o.console.next.about(bound)
	o.console.next.alongside(last)
	read := func(ctx context.Context) (reports.Status, error) {
		s, err := readStatus(ctx, ledger, o.Ledger, time.Now())
		s.All, s.Complete = o.All, o.console.next.complete
		return s, err
	}
	if o.Watch {
		ctx, stop := cutAtOnce(ctx, o.console)
		defer stop()
		return o.watcher(form, read).watch(ctx)
	}
	s, err := read(ctx)
	if err != nil {
		return err
	}
	return o.console.result(form, func(w io.Writer, form reports.Format) error { return reports.WriteStatus(w, form, s) })
}
