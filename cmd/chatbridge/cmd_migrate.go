package main

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"chatbridge/migrate"
	"chatbridge/reports"
)

// migrateOptions are those of migrate.
type migrateOptions struct {
	auditOptions
	ledgerOption
	durationOption
	pauseOption
	inPlaceOptions
	metricsOption
	retryOption
	deepOption
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

// originalsSuffix makes of the name of a ledger that of the file which keeps what
// policies dropped or shortened.
const originalsSuffix = ".originals.jsonl"

// samePlace is said where a migration copies what need not be copied.
const samePlace = `Note: both sides are one account. Conversations shows the private channels of
  these services already, under the same SIDs, and the public ones once they are
  made private: chatbridge migrate --in-place. This copies them all the same, into
  another service and under new SIDs. --replay says that this is meant.`

func newMigrate(c *console, common *commonOptions, run func(context.Context, *migrateOptions) error) *cobra.Command {
	o := &migrateOptions{
		auditOptions: auditOptions{commonOptions: common, console: c, connect: dial},
		openLedger:   openLedger,
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
either way running again resumes; SIGTERM and SIGHUP are interrupts too. While the
file of --pause-file is there, and outside --hours, no new write begins. --dry-run is the same as chatbridge audit.

One run at a time writes into a target service, whatever machine or ledger it has:
it holds a claim there, a conversation named chatbridge-claim. Who finds the claim
of another run watches it for as long as --settle and 40 s, and ends with 8 if that
run is alive.

If roles or people are in the target already and differ from the source, they stay
as they are, and the run reports them; --policy role-was-there=replace and
user-was-there=replace bring them up to date, which undo takes back. A read horizon
never moves back.

Running again when all is done brings what is new in the source. It does not see
that an old message was edited or deleted: --deep reads both sides again, brings
edits over, and says what the source lost, which it deletes nowhere. Text names
each difference, json counts them under deep; other forms leave them out.

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
	o.pauseOption.flags(cmd.Flags())
	o.inPlaceOptions.flags(cmd.Flags())
	settings(cmd.Flags(), func(fs *pflag.FlagSet) {
		fs.DurationVar(&o.Settle, "settle", migrate.DefaultSettle, "how long a write that got no answer is given to land")
		fs.DurationVar(&o.Watchdog, "watchdog", migrate.DefaultWatchdog, "stop a channel that made no progress for so long; more than --timeout")
		fs.IntVar(&o.MaxErrors, "max-errors", 0, "end the run when so many channels were stopped; 0 never does")
		fs.StringVar(&o.Credentials, "credentials", "", "create the push credentials that this YAML `file` describes, before anything else")
		fs.BoolVarP(&o.Yes, "yes", "y", false, "begin without asking")
	})
	cmd.Flags().BoolVar(&o.AcceptSettings, "accept-settings", false, "go on with a ledger that was made by other settings; what is done stays as it is")
	o.metricsOption.flags(cmd.Flags())
	o.retryOption.flags(cmd.Flags())
	o.deepOption.flags(cmd.Flags())
	o.detailsOption.flags(cmd.Flags())
	cmd.Flags().BoolVar(&o.DryRun, "dry-run", false, "only say what would be done, as chatbridge audit does")
	return cmd
}

func (o *migrateOptions) check() (reports.Format, error) {
	switch {
	case o.Settle <= 0:
		return "", usageError("write a duration with its unit, such as 10s", "--settle %s is not above 0", o.Settle)
	case o.Watchdog <= 0:
		return "", usageError("write a duration with its unit, such as 2m", "--watchdog %s is not above 0", o.Watchdog)
	case o.Timeout >= o.Watchdog && !o.InPlace:
		return "", usageError("one request without answer would stop its channel: give --timeout less time than --watchdog",
			"--timeout %s is not below --watchdog %s", o.Timeout, o.Watchdog)
	case o.MaxErrors < 0:
		return "", usageError("0 never ends a run", "--max-errors %d is below 0", o.MaxErrors)
	case o.Ledger == "":
		return "", usageError("the default is "+defaultLedger, "--ledger is empty")
	}
	if err := errors.Join(o.durationOption.check(), o.pauseOption.check(), o.inPlaceOptions.check(o), o.deepOption.check(o)); err != nil {
		return "", err
	}
	return o.auditOptions.check()
}
