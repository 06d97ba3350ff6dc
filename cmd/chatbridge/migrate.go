package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"chatbridge/mapping"
	"chatbridge/mapping/chat"
	"chatbridge/migrate"
	"chatbridge/migrate/sqlite"
	"chatbridge/reports"
)

// migrateOptions are those of migrate.
type migrateOptions struct {
	auditOptions
	ledgerOption
	durationOption
	inPlaceOptions
	metricsOption
	retryOption
	Settle    time.Duration
	Watchdog  time.Duration
	MaxErrors int
	Yes       bool
	DryRun    bool
	// Credentials names a file of push credentials to create.
	Credentials string
	// AcceptSettings goes on with a ledger that other settings made.
	AcceptSettings bool

	openLedger func(ctx context.Context, path string) (migrate.Ledger, error)
}

// ledgerOption says where the ledger is.
type ledgerOption struct{ Ledger string }

const defaultLedger = "chatbridge.db"

// originalsSuffix makes of the name of a ledger that of the file which keeps what
// policies dropped or shortened.
const originalsSuffix = ".originals.jsonl"

// samePlace is said where a migration copies what need not be copied.
const samePlace = `Note: both sides are one account. Conversations shows the private channels of
  these services already, under the same SIDs, and the public ones once they are
  made private: chatbridge migrate --in-place. This copies them all the same, into
  another service and under new SIDs. --replay says that this is meant.`

func (o *ledgerOption) flags(fs *pflag.FlagSet) {
	settings(fs, func(fs *pflag.FlagSet) {
		fs.StringVar(&o.Ledger, "ledger", defaultLedger, "`file` that remembers what arrived")
	})
}

func newMigrate(c *console, common *commonOptions, run func(context.Context, *migrateOptions) error) *cobra.Command {
	o := &migrateOptions{
		auditOptions: auditOptions{commonOptions: common, console: c, connect: dial},
		openLedger: func(ctx context.Context, path string) (migrate.Ledger, error) {
			return sqlite.Open(ctx, path)
		},
	}
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Migrate, or resume a migration",
		Long: `Move Chat v1 services into Conversations: roles, users, channels, members,
messages and read horizons, with their dates and authors. What was done is kept
in the ledger; running the same command again goes on where it stopped and writes
nothing twice.

It never writes to the source, and no write fires a webhook, a push notification
or an SMS. Settings, credentials and both addresses are checked before anything
is written. It asks before it begins; where there is no terminal to ask on, --yes
answers. The first interrupt finishes what is in flight, the second stops at once;
either way running again resumes. --dry-run is the same as chatbridge audit.

--in-place copies nothing: it makes public channels private, which is all that
Conversations of the same account needs to show them, and which cannot be taken
back. That is the one write to Chat, and it is shown first and asked about. What a
policy drops or shortens is kept beside the ledger, in FILE.originals.jsonl.` +
			exitHelp(),
		Example: `  chatbridge migrate --dry-run
  chatbridge migrate --service IS… --ledger support.db
  chatbridge migrate --in-place --dry-run`,
		GroupID: groupMigrate,
		Args:    noArguments,
		RunE:    func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), o) },
	}
	o.connectionOptions.flags(cmd.Flags())
	o.mappingOptions.flags(cmd.Flags())
	o.outputOption.flags(cmd.Flags(), auditForms...)
	o.ledgerOption.flags(cmd.Flags())
	o.replayFlag(cmd.Flags())
	o.durationOption.flags(cmd.Flags())
	o.inPlaceOptions.flags(cmd.Flags())
	settings(cmd.Flags(), func(fs *pflag.FlagSet) {
		fs.DurationVar(&o.Settle, "settle", migrate.DefaultSettle, "time that a write of unknown outcome is given to land")
		fs.DurationVar(&o.Watchdog, "watchdog", migrate.DefaultWatchdog, "stop a channel that made no progress for so long")
		fs.IntVar(&o.MaxErrors, "max-errors", 0, "end the run when so many channels were stopped; 0 never does")
		fs.StringVar(&o.Credentials, "credentials", "", "create the push credentials that this YAML `file` describes, before anything else")
		fs.BoolVarP(&o.Yes, "yes", "y", false, "begin without asking")
	})
	cmd.Flags().BoolVar(&o.AcceptSettings, "accept-settings", false, "go on with a ledger that was made by other settings; what is done stays as it is")
	o.metricsOption.flags(cmd.Flags())
	o.retryOption.flags(cmd.Flags())
	cmd.Flags().BoolVar(&o.DryRun, "dry-run", false, "only say what would be done, as chatbridge audit does")
	return cmd
}

func (o *migrateOptions) check() (reports.Format, error) {
	switch {
	case o.Settle <= 0:
		return "", misuse("write a duration with its unit, such as 10s", "--settle %s is not above 0", o.Settle)
	case o.Watchdog <= 0:
		return "", misuse("write a duration with its unit, such as 2m", "--watchdog %s is not above 0", o.Watchdog)
	case o.MaxErrors < 0:
		return "", misuse("0 never ends a run", "--max-errors %d is below 0", o.MaxErrors)
	case o.Ledger == "":
		return "", misuse("the default is "+defaultLedger, "--ledger is empty")
	}
	if err := errors.Join(o.durationOption.check(), o.inPlaceOptions.check(o)); err != nil {
		return "", err
	}
	return o.auditOptions.check()
}

func runMigrate(ctx context.Context, o *migrateOptions) error {
	form, err := o.check()
	if err != nil {
		return err
	}
	if o.InPlace {
		return runInPlace(ctx, o, form)
	}
	if o.DryRun {
		return runAudit(ctx, &o.auditOptions)
	}
	mapper, err := o.mapper()
	if err != nil {
		return err
	}
	push, err := readCredentials(o.Credentials, o.console.err)
	if err != nil {
		return err
	}
	if !o.Yes && !o.console.terminal(o.console.in) {
		return misuse("look first with chatbridge audit; to begin: chatbridge migrate --yes", "there is no terminal to ask on")
	}
	if err := o.retryOption.check(ctx, o.console, o.Ledger); err != nil {
		return err
	}
	measured, err := o.measure(&o.connectionOptions, o.console)
	if err != nil {
		return err
	}
	defer measured.Close()
	s, err := o.prepare(ctx, mapper)
	if err != nil {
		return err
	}
	defer s.Close()
	return o.begin(ctx, form, s, mapper, push, measured)
}

// prepare connects both sides, shows the plan and asks. Nothing is written.
func (o *migrateOptions) prepare(ctx context.Context, mapper mapping.Mapper) (*sides, error) {
	ctx, stop := cutAtOnce(ctx, o.console)
	defer stop()
	log := o.logger(o.console, o.console.err)
	s, err := o.connect(ctx, connector{&o.connectionOptions, o.console, log, func(e migrate.Event) { logEvent(log, e) }}, writeTarget)
	if err != nil {
		return nil, interrupted(ctx, err)
	}
	if err := o.agree(ctx, s, mapper); err != nil {
		_ = s.Close()
		return nil, interrupted(ctx, err)
	}
	return s, nil
}

func (o *migrateOptions) agree(ctx context.Context, s *sides, mapper mapping.Mapper) error {
	services, err := o.take(ctx, s, mapper)
	if err != nil {
		return err
	}
	if to := o.target(); to != "" {
		if _, err := s.reader.Configuration(ctx, to); err != nil {
			return err
		}
	}
	if !o.Quiet || !o.Yes {
		o.showPlan(s, services)
	}
	if o.Yes {
		return nil
	}
	return o.console.confirm()
}

func (o *migrateOptions) showPlan(s *sides, services []chat.Service) {
	w := o.console.err
	fmt.Fprintf(w, "Migrate from account %s to account %s:\n", s.sourceAccount, s.targetAccount)
	for _, one := range services {
		to := cmp.Or(o.target(), "a new service")
		fmt.Fprintf(w, "  %s %s -> %s\n", one.SID, reports.Plain(one.FriendlyName), to)
	}
	if o.copyReason(s.sourceAccount, s.targetAccount) == "" && o.target() == "" {
		fmt.Fprintln(w, samePlace)
	}
	fmt.Fprintf(w, "Ledger: %s\n", o.Ledger)
}

func (o *migrateOptions) begin(ctx context.Context, form reports.Format, s *sides, mapper mapping.Mapper, push []migrate.Credential, measured *meter) error {
	ctx, signalled, stop := interruptible(ctx, o.console)
	defer stop()
	drain, over, stopTimer := o.drained(signalled, o.console)
	defer stopTimer()
	ledger, err := o.openLedger(ctx, o.Ledger)
	if err != nil {
		return err
	}
	defer ledger.Close()
	if err := o.bind(ctx, ledger, o.fingerprint(s, mapper)); err != nil {
		return err
	}
	if err := createCredentials(ctx, s.writer, push, o.console.err); err != nil {
		return interrupted(ctx, err)
	}
	originals := migrate.NewSidecar(o.Ledger + originalsSuffix)
	shown := o.progress(o.console, "migrated", form != reports.Text)
	m := &migrate.Migration{
		Source: s.source, Target: s.writer, Ledger: ledger, Observer: shown,
		Settings: migrate.Settings{
			Services: o.Services, ToService: o.target(), Mapper: mapper,
			Concurrency: o.Concurrency, APS: o.APS,
			Settle: o.Settle, Watchdog: o.Watchdog, MaxErrors: o.MaxErrors, OnlyFailed: o.OnlyFailed, UserChannels: s.userChannels,
		},
		Sidecar: originals,
		Traffic: s.counter.Traffic,
		Drain:   drain,
	}
	measured.run(m)
	summary, err := m.Run(ctx)
	err = errors.Join(err, originals.Close())
	shown.Close()
	if werr := writeSummary(ctx, o, form, ledger, summary); werr != nil {
		return werr
	}
	if err != nil && over() {
		return o.expired()
	}
	if err != nil {
		return interrupted(ctx, err)
	}
	if summary.Status == migrate.Partial {
		return &outcome{
			status:  exitIncomplete,
			message: fmt.Sprintf("%s not carried whole", plural(len(summary.Failures), "resource was", "resources were")),
			hint:    "see what and why with: chatbridge status --ledger " + o.Ledger + "; run the same command again to try again",
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
