package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/verify"
	"chatbridge/reports"
)

// verifyOptions are those of verify.
type verifyOptions struct {
	*commonOptions
	connectionOptions
	mappingOptions
	outputOption
	ledgerOption
	detailsOption
	pauseOption
	rehearsalOption
	pprofOption
	Settle  time.Duration
	Repair  bool
	Execute bool
	Yes     bool
	Files   bool
	InPlace bool

	console *console
	connect func(context.Context, connector, access) (*endpoints, error)
	// openLedger opens the ledger for reading.
	openLedger func(ctx context.Context, path string) (migrate.LedgerReader, error)
}

var verifyForms = []reports.Format{reports.Text, reports.JSON, reports.CSV, reports.HTML}

func newVerify(c *console, common *commonOptions, run func(context.Context, *verifyOptions) error) *cobra.Command {
	o := &verifyOptions{commonOptions: common, console: c, connect: dial, openLedger: readLedger}
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Compare both sides, item by item, and repair differences",
		Long: `Read source and target again and report every difference, one per line:

  -  missing: the target lacks it        !  altered: another value, or place
  +  extra or doubled: the source lacks it
  ?  foreign: written by somebody else; no difference

It finds each conversation by its stamp (a key in its attributes), by the ledger
(the file that records what arrived), or by content that only a migration can
have written. From the ledger it also knows which creates may have landed late,
and which roles and people were in the target before. If those differ, they are
foreign and not repaired. Give it the same settings and files as the migration.
It looks at each difference a second time, after the settle time, before it
reports it.

With --repair, each line also says what becomes of the difference. Roles, users,
participants, read horizons, dates, attributes, bodies, and messages missing at
the end can be brought back. What would have to be inserted between others, or
deleted, stays as it is.

--in-place compares channels that were not copied: it reads them through Chat and
through Conversations of the same account, under the same SIDs, and needs no
ledger. A channel that Conversations does not show is reported as not visible,
with the next command. Chat v1 does not show files; --source-api v2 does.

It never writes unless you give both --repair and --execute. It never writes to
the source, and never deletes anything. No write fires a webhook, a push
notification or an SMS. With --execute it asks before it begins; if there is no
terminal, give --yes.

What chatbridge rehearse measured in the account of the target (--rehearsal) can
make it wait longer before the second look, and keep a repair from beginning.

For many accounts see: chatbridge help accounts` +
			exitHelp(),
		Example: `  chatbridge verify
  chatbridge verify --output csv > differences.csv
  chatbridge verify --in-place --source-api v2
  chatbridge verify --repair
  chatbridge verify --repair --execute`,
		GroupID: groupMigrate,
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.profiled(c, func() error { return run(cmd.Context(), o) })
		},
	}
	o.connectionOptions.flags(cmd.Flags())
	o.mappingOptions.flags(cmd.Flags())
	o.ledgerOption.flags(cmd.Flags())
	o.outputOption.flags(cmd.Flags(), verifyForms...)
	o.detailsOption.flags(cmd.Flags())
	o.pauseOption.flags(cmd.Flags())
	o.rehearsalOption.flags(cmd.Flags())
	o.pprofOption.flags(cmd.Flags())
	settings(cmd.Flags(), func(fs *pflag.FlagSet) {
		fs.DurationVar(&o.Settle, "settle", migrate.DefaultSettle, "how long to wait before looking at a difference again")
		fs.BoolVarP(&o.Yes, "yes", "y", false, "repair without asking")
	})
	settings(cmd.Flags(), func(fs *pflag.FlagSet) {
		fs.BoolVar(&o.Files, "files", false, "compare the bytes of files too: each is read from both sides")
		fs.BoolVar(&o.InPlace, "in-place", false, "compare what Chat and Conversations of one account show of the same channels")
	})
	cmd.Flags().BoolVar(&o.Repair, "repair", false, "report what can be brought back")
	cmd.Flags().BoolVar(&o.Execute, "execute", false, "with --repair: bring it back")
	return cmd
}

func (o *verifyOptions) check() error {
	switch {
	case o.Execute && !o.Repair:
		return usageError("to see what can be brought back: chatbridge verify --repair", "--execute needs --repair")
	case o.Repair && o.Output == string(reports.HTML):
		return usageError("choose text, json or csv", "--repair has no HTML output")
	case o.Settle <= 0:
		return usageError("write a duration with its unit, such as 10s", "--settle %s is not above 0", o.Settle)
	}
	return errors.Join(o.checkInPlace(), o.connectionOptions.check(), o.mappingOptions.check(), o.pauseOption.check())
}

func (o *verifyOptions) settings(m mapping.Mapper) migrate.Settings {
	return migrate.Settings{
		Services: o.Services, ToService: o.target(), Mapper: m, Concurrency: o.channels(), APS: o.APS, Settle: o.rehearsed.Lengthen(o.Settle),
	}
}

func runVerify(ctx context.Context, o *verifyOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	form, err := o.format(verifyForms...)
	if err != nil {
		return err
	}
	if err := o.load("verify"); err != nil {
		return err
	}
	mapper, err := o.mapper()
	if err != nil {
		return err
	}
	if o.InPlace {
		return runVerifyInPlace(ctx, o, form, mapper)
	}
	if o.Repair {
		return runRepair(ctx, o, form, mapper)
	}
	ctx, stop := cutAtOnce(ctx, o.console)
	defer stop()
	shown := o.progress(o.console, "compared")
	v, err := o.verify(ctx, form, shown, mapper)
	shown.Close()
	if err != nil {
		return err
	}
	if !v.Equal {
		n := differencesOf(v)
		if !slices.ContainsFunc(v.Services, func(s migrate.SummaryService) bool { return s.TargetSID != "" }) {
			return &outcome{exitIncomplete, "nothing was migrated yet", "to begin: chatbridge migrate"}
		}
		return &outcome{
			status:  exitIncomplete,
			message: plural(int(n), "difference", "differences") + " between source and target",
			hint:    "this is expected if people write into the target already, or if the source has changed; otherwise see what can be brought back with: chatbridge verify --repair",
		}
	}
	return nil
}

// differencesOf counts what is not equal.
func differencesOf(v verify.Verification) (n int64) {
	for class, count := range v.Differences {
		if class != verify.Foreign {
			n += count
		}
	}
	return n
}

// copied refuses the ledger of a migration that copies nothing.
func copied(ctx context.Context, l migrate.LedgerReader) error {
	bound, err := l.Fingerprint(ctx)
	if err != nil || bound[modeSetting] != modeInPlace {
		return err
	}
	return usageError("to compare what Chat and Conversations show: chatbridge verify --in-place; to compare a copy, name its ledger: chatbridge verify --ledger FILE",
		"migrate --in-place copies nothing, so there is no copy to compare")
}

// readRecord lets a verification read the ledger, if there is one, and wait for what
// its last run may have left in flight.
func (o *verifyOptions) readRecord(ctx context.Context, v *verify.Verifier) (release func(), err error) {
	ledger, err := o.openLedger(ctx, o.Ledger)
	if migrate.KindOf(err) == migrate.NotFound {
		return func() {}, nil
	}
	if err != nil {
		return nil, err
	}
	err = copied(ctx, ledger)
	if err == nil {
		var last migrate.RunRecord
		last, _, err = ledger.LastRun(ctx)
		v.Settings.Settle = last.SettleAfter(v.Settings.Settle)
	}
	if err != nil {
		return nil, errors.Join(err, ledger.Close())
	}
	v.Ledger = ledger
	return func() { _ = ledger.Close() }, nil
}

func (o *verifyOptions) verify(ctx context.Context, form reports.Format, shown *progress, mapper mapping.Mapper) (verify.Verification, error) {
	var none verify.Verification
	o.followLedger(ctx, o.Ledger)
	s, err := o.connect(ctx, connector{&o.connectionOptions, o.console, shown.log, shown.Event}, readTarget)
	if err != nil {
		return none, interrupted(ctx, err)
	}
	defer s.Close()
	o.console.met(s, &o.connectionOptions, o.Ledger)
	if err := o.take(o.console, o.targetOf(o.console, s.targetAccount), "verify"); err != nil {
		return none, err
	}
	o.announce(o.tell(o.console), o.Settle)
	set := o.settings(mapper)
	if _, err := o.selectServices(ctx, s, mapper); err != nil {
		return none, interrupted(ctx, err)
	}
	set.UserChannels, set.Unmatched = s.userChannels, o.matched.unmatched
	v := &verify.Verifier{Source: s.source, Target: s.reader, Observer: shown, Settings: set, Files: o.Files}
	release, err := o.readRecord(ctx, v)
	if err != nil {
		return none, err
	}
	defer release()
	w := o.console.comparison(form, o.rendering(o.console))
	found, err := v.Run(ctx, w.Difference)
	if err != nil {
		return none, interrupted(ctx, err)
	}
	err = w.Close(found)
	o.noteFiles(o.console.err)
	return found, err
}
