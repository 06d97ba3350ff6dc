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

// samePlace is said where a migration copies what need not be copied.
const samePlace = `Note: both sides are one account. Conversations shows the private channels of
  these services already, under the same SIDs, and the public ones once they are
  made private: chatbridge migrate --in-place. This run copies them anyway, into
  another service and under new SIDs. Give --replay if you want that.`

func newMigrate(c *console, common *commonOptions, run func(context.Context, *migrateOptions) error) *cobra.Command {
	o := &migrateOptions{
		auditOptions: auditOptions{commonOptions: common, console: c, connect: dial},
		openLedger:   openLedger,
	}
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Migrate, or resume a migration",
		Long: `Move Chat v1 services into Conversations: roles, users, channels, members,
messages and read horizons, with their dates and authors. A file, the ledger,
records what has arrived. Run the same command again to resume; nothing is
written twice.

It never writes to the source, and no write fires a webhook, a push notification
or an SMS. It checks settings, credentials and both addresses before it writes
anything. It asks before it begins; if there is no terminal, give --yes. The
first interrupt (Ctrl-C, SIGTERM or SIGHUP) finishes what is in flight, the
second stops at once. Either way, run it again to resume. No new write begins
while the file of --pause-file exists, or outside --hours. --dry-run is the same
as chatbridge audit.

Only one run at a time writes into a target service, whatever machine or ledger
it uses. It holds a claim there: a conversation named chatbridge-claim. A run
that finds another run's claim watches it for at most --settle plus 40 s. If
that run is alive, the new one ends with 8. If both share a ledger in PostgreSQL,
the new one waits for the other instead, goes on if it leaves, and in the end makes
a pass for what came meanwhile.

What chatbridge rehearse measured in the account of the target (--rehearsal) can
make the run wait longer for late writes, or keep it from beginning. It never
makes it wait less.

If the target already has a role or a person with other values, the run reports
that and leaves them as they are. --policy role-was-there=replace and --policy
user-was-there=replace take the values of the source; undo restores the old
values. A read horizon never moves back.

Run it again later to bring over what is new in the source. It does not see
edits or deletions of older messages. --deep does: it compares both sides,
brings edits over, and reports deletions, but deletes nothing. Text output lists
each difference, JSON counts them under deep, and other forms leave them out.

--in-place copies nothing. It makes public channels private, which is all that
Conversations of the same account needs to show them. This cannot be undone. It
is the only write to Chat: it is shown first, and you are asked.

People who are not members can no longer find or join such a channel. With
--add-members all, --in-place then adds every user of the service to each channel
that it made private; with --add-members FILE, those of a CSV file with the
heading channel,identity. A channel is a SID, a unique name, or a glob such as *
over channels that were public. --dry-run shows who would be added, how many, and
the bill. Limits and lines are checked before anything is written. People are
added after all channels are private. Meanwhile the push for added people is
off; those for new messages stay on. Run it again to resume: nobody is added
twice. chatbridge cannot take anybody out again, and neither does undo.

What a policy drops or shortens is kept next to the ledger, in
FILE.originals.jsonl, or in the database of a PostgreSQL ledger. To print it:
chatbridge ledger originals.

For many accounts see: chatbridge help accounts` +
			exitHelp(),
		Example: `  chatbridge migrate --dry-run
  chatbridge migrate --service IS… --ledger support.db
  chatbridge migrate --in-place --dry-run
  chatbridge migrate --in-place --add-members all --dry-run`,
		GroupID: groupMigrate,
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.profiled(c, func() error { return run(cmd.Context(), o) })
		},
	}
	o.connectionOptions.flags(cmd.Flags())
	o.mappingOptions.flags(cmd.Flags())
	o.outputOption.flags(cmd.Flags(), auditForms...)
	o.ledgerOption.flags(cmd.Flags())
	o.replayFlag(cmd.Flags())
	o.bandwidthOption.flags(cmd.Flags())
	o.latencyOption.flags(cmd.Flags())
	o.rehearsalOption.flags(cmd.Flags())
	o.durationOption.flags(cmd.Flags())
	o.pauseOption.flags(cmd.Flags())
	o.inPlaceOptions.flags(cmd.Flags())
	settings(cmd.Flags(), func(fs *pflag.FlagSet) {
		fs.DurationVar(&o.Settle, "settle", migrate.DefaultSettle, "how long to wait for an unanswered write to land")
		fs.DurationVar(&o.Watchdog, "watchdog", migrate.DefaultWatchdog, "stop a channel that makes no progress for this long; must be more than --timeout")
		fs.IntVar(&o.MaxErrors, "max-errors", 0, "end the run after this many channels have stopped; 0 sets no limit")
		fs.StringVar(&o.Credentials, "credentials", "", "first create the push credentials that this YAML `file` describes")
		fs.BoolVarP(&o.Yes, "yes", "y", false, "begin without asking")
	})
	cmd.Flags().BoolVar(&o.AcceptSettings, "accept-settings", false, "go on with a ledger that was made with other settings; what has arrived stays as it is")
	o.metricsOption.flags(cmd.Flags())
	o.pprofOption.flags(cmd.Flags())
	o.retryOption.flags(cmd.Flags())
	o.deepOption.flags(cmd.Flags())
	o.detailsOption.flags(cmd.Flags())
	cmd.Flags().BoolVar(&o.DryRun, "dry-run", false, "only report what would be done, as chatbridge audit does")
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
