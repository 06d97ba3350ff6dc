package main

import (
	"cmp"
	"context"
	"errors"
	"io"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"chatbridge/migrate"
	"chatbridge/migrate/audit"
	"chatbridge/reports"
)

// auditOptions are those of audit, and of migrate --dry-run.
type auditOptions struct {
	*commonOptions
	connectionOptions
	mappingOptions
	outputOption
	auditResultOptions
	detailsOption
	bandwidthOption
	latencyOption
	rehearsalOption
	pprofOption
	// Replay says that copying is meant where nothing has to be copied.
	Replay bool

	console *console
	listed  *reports.AuditChannels // the channels that a page lists; nil for other forms
	// connect opens the source; it is never asked for more.
	connect func(context.Context, connector, access) (*endpoints, error)
}

var auditForms = []reports.Format{reports.Text, reports.JSON, reports.Markdown, reports.CSV, reports.HTML}

func newAudit(c *console, common *commonOptions, run func(context.Context, *auditOptions) error) *cobra.Command {
	o := &auditOptions{commonOptions: common, console: c, connect: dial}
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Show what a migration would do, and what would change or be lost",
		Long: `Read a whole Chat v1 workspace and report what it holds, what a migration would
do, how long that would take, and everything that cannot be carried unchanged.
Each such case is a finding and has a code. A policy (--policy code=choice)
decides what becomes of it.

For every channel it reports what applies: Conversations shows it already, it
has to be made private, or it has to be copied. It shows how the time is
calculated, and which limit decides it. How long a request takes it learns from
its own reads; --latency says it instead. --sample reads only a few channels, and
says so.

With --to-service SID it reads that service too. It reports which roles and
people differ there, what each policy would do with them, and which people keep
their read horizon because they have read further there.

If chatbridge rehearse tried the account of the target (--rehearsal), the audit
shows what it measured and whether that stops a migration, and takes its write
time into account.

It never writes: not to Twilio, and not to a ledger. The only file it makes is
one that --channels-out or --identities-out names. It needs credentials for the source only, and
none with --from-archive; with --to-service SID it needs those for the target
too.

For many accounts see: chatbridge help accounts` +
			exitHelp(exitDone, exitFailed, exitUsage, exitIncomplete, exitCredentials, exitService, exitInterrupted),
		Example: `  chatbridge audit
  chatbridge audit --service IS… --output html > audit.html
  chatbridge audit --channels-out channels.csv --fail-on stop`,
		GroupID: groupStart,
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.profiled(c, func() error { return run(cmd.Context(), o) })
		},
	}
	o.connectionOptions.flags(cmd.Flags())
	o.mappingOptions.flags(cmd.Flags())
	o.outputOption.flags(cmd.Flags(), auditForms...)
	o.replayFlag(cmd.Flags())
	o.bandwidthOption.flags(cmd.Flags())
	o.latencyOption.flags(cmd.Flags())
	o.rehearsalOption.flags(cmd.Flags())
	o.auditResultOptions.flags(cmd.Flags())
	o.detailsOption.flags(cmd.Flags())
	o.pprofOption.flags(cmd.Flags())
	return cmd
}

func (o *auditOptions) replayFlag(fs *pflag.FlagSet) {
	settings(fs, func(fs *pflag.FlagSet) {
		fs.BoolVar(&o.Replay, "replay", false, "copy channels into another service even if Conversations of the same account shows them already")
	})
}

// copyReason is why channels have to be copied, and empty where they could stay
// where they are.
func (o *auditOptions) copyReason(sourceAccount, targetAccount string) string {
	switch {
	case o.FromArchive != "":
		return "the source is an archive"
	case targetAccount != "" && targetAccount != sourceAccount:
		return "the target is another account"
	case o.apart(o.console):
		return "the target is in another region"
	case o.Replay:
		return "--replay was given"
	}
	return ""
}

func (o *auditOptions) check() (reports.Format, error) {
	if err := o.connectionOptions.check(); err != nil {
		return "", err
	}
	if err := o.mappingOptions.check(); err != nil {
		return "", err
	}
	if err := errors.Join(o.auditResultOptions.check(), o.bandwidthOption.check(), o.latencyOption.check()); err != nil {
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
	if err := o.load("audit"); err != nil {
		return err
	}
	if o.console.wants(form, reports.HTML) {
		o.listed = reports.NewAuditChannels(mapper.Policy)
	}
	ctx, stop := cutAtOnce(ctx, o.console)
	defer stop()
	shown := o.progress(o.console, "read")
	audit, err := o.audit(ctx, shown, migrate.Settings{
		Services:    o.Services,
		ToService:   o.target(),
		Mapper:      mapper,
		Concurrency: o.channels(),
		APS:         o.APS,
	})
	shown.Close()
	if err != nil {
		return err
	}
	options := append(o.rendering(o.console), reports.WithAuditChannels(o.listed))
	err = o.console.result(form, func(w io.Writer, form reports.Format) error {
		return reports.Audit(w, form, audit, options...)
	})
	if err != nil {
		return err
	}
	o.noteFiles(o.console.err)
	return o.verdict(audit, o.rehearsed)
}

// destination is the account that a migration would write into; empty if nothing says.
func (o *auditOptions) destination(s *endpoints) string {
	account := cmp.Or(s.targetAccount, o.targetAccount(o.console))
	if o.FromArchive == "" {
		return cmp.Or(account, s.sourceAccount)
	}
	return cmp.Or(account, o.console.getenv(sourcePrefix+accountVariable)) // an archive is of wherever it was exported
}

func (o *auditOptions) audit(ctx context.Context, shown *progress, set migrate.Settings) (audit.Audit, error) {
	target := noTarget
	if set.ToService != "" {
		target = readTarget // for the unique names that are taken there
	}
	s, err := o.connect(ctx, connector{&o.connectionOptions, o.console, shown.log, shown.Event}, target)
	if err != nil {
		return audit.Audit{}, interrupted(ctx, err)
	}
	defer s.Close()
	o.console.met(s, &o.connectionOptions, "")
	if err := o.take(o.console, o.targetOf(o.console, o.destination(s)), "audit"); err != nil {
		return audit.Audit{}, err
	}
	set.WriteTime, set.Latency, set.InFlight = o.rehearsed.WriteTime(), o.Latency, o.inFlight().Most
	set.Settle = o.rehearsed.Lengthen(cmp.Or(o.settle, migrate.DefaultSettle))
	set.CopyAlways = o.copyReason(s.sourceAccount, o.targetAccount(o.console))
	if o.IdentitiesOut != "" {
		o.all = &identities{}
	}
	if _, err := o.selectServices(ctx, s, set.Mapper); err != nil {
		return audit.Audit{}, interrupted(ctx, err)
	}
	if o.Sample > 0 {
		s.source = migrate.Scoped(s.source, migrate.Scope{Limit: o.Sample})
	}
	row, closeRows, err := o.rows()
	if err != nil {
		return audit.Audit{}, err
	}
	finish, err := o.template(o.all, o.tell(o.console))
	if err != nil {
		return audit.Audit{}, errors.Join(err, closeRows())
	}
	if o.listed != nil {
		row = both(row, o.listed.Add)
	}
	set.UserChannels, set.Unmatched = s.userChannels, o.matched.unmatched
	bandwidth, _ := o.perSecond()
	if bandwidth == 0 && o.FromArchive != "" {
		bandwidth = -1 // how fast a disk is says nothing of the line
	}
	a := &audit.Auditor{Source: s.source, Observer: shown, Settings: set, Traffic: s.counter.Traffic, Latency: o.measured, Target: s.reader, Rows: row, Bandwidth: bandwidth}
	audit, err := a.Run(ctx)
	audit.Sampled = o.Sample
	if err != nil {
		return audit, finish(errors.Join(interrupted(ctx, err), closeRows()))
	}
	return audit, finish(closeRows())
}
