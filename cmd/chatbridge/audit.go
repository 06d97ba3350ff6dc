package main

import (
	"context"

	"github.com/spf13/cobra"

	"chatbridge/migrate"
	"chatbridge/reports"
)

// auditOptions are those of audit, and of migrate --dry-run.
type auditOptions struct {
	*commonOptions
	connectionOptions
	mappingOptions
	outputOption

	console *console
	// connect opens the source; it is never asked for more.
	connect func(context.Context, connector, access) (*sides, error)
}

var auditForms = []reports.Format{reports.Text, reports.JSON, reports.Markdown, reports.CSV, reports.HTML}

func newAudit(c *console, common *commonOptions, run func(context.Context, *auditOptions) error) *cobra.Command {
	o := &auditOptions{commonOptions: common, console: c, connect: dial}
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Say what a migration would do, and what would not arrive as it was",
		Long: `Read a Chat v1 workspace whole and say what is there, what a migration would do,
how long it would take, and everything that could not be carried unchanged.

It never writes: not to Twilio, not to the target, not to a ledger. Only the
credentials of the source are needed, and none with --from-archive.` +
			exitHelp(exitDone, exitFailed, exitUsage, exitCredentials, exitService, exitInterrupted),
		Example: `  chatbridge audit
  chatbridge audit --service IS… --output html > audit.html`,
		GroupID: groupStart,
		Args:    noArguments,
		RunE:    func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), o) },
	}
	o.connectionOptions.flags(cmd.Flags())
	o.mappingOptions.flags(cmd.Flags())
	o.outputOption.flags(cmd.Flags(), auditForms...)
	return cmd
}

func (o *auditOptions) check() (reports.Format, error) {
	if err := o.connectionOptions.check(); err != nil {
		return "", err
	}
	if err := o.mappingOptions.check(); err != nil {
		return "", err
	}
	return o.outputOption.format(auditForms...)
}

func runAudit(ctx context.Context, o *auditOptions) error {
	form, err := o.check()
	if err != nil {
		return err
	}
	mapper, err := o.mapper()
	if err != nil {
		return err
	}
	ctx, stop := cutAtOnce(ctx, o.console)
	defer stop()
	shown := o.progress(o.console, "read", form != reports.Text)
	audit, err := o.audit(ctx, shown, migrate.Settings{
		Services:    o.Services,
		ToService:   o.target(),
		Mapper:      mapper,
		Concurrency: o.Concurrency,
		APS:         o.APS,
	})
	shown.Close()
	if err != nil {
		return err
	}
	return reports.Audit(o.console.out, form, audit)
}

func (o *auditOptions) audit(ctx context.Context, shown *progress, set migrate.Settings) (migrate.Audit, error) {
	s, err := o.connect(ctx, connector{&o.connectionOptions, o.console, shown.log, shown.Event}, noTarget)
	if err != nil {
		return migrate.Audit{}, interrupted(ctx, err)
	}
	defer s.Close()
	if _, err := o.selected(s.services); err != nil {
		return migrate.Audit{}, err
	}
	a := &migrate.Auditor{Source: s.source, Observer: shown, Settings: set, Traffic: s.counter.Traffic}
	audit, err := a.Run(ctx)
	return audit, interrupted(ctx, err)
}
