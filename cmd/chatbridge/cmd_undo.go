package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"chatbridge/migrate"
	"chatbridge/migrate/transport"
	"chatbridge/migrate/undo"
	"chatbridge/reports"
)

// undoOptions are those of undo.
type undoOptions struct {
	*commonOptions
	connectionOptions
	outputOption
	ledgerOption
	pauseOption
	rehearsalOption
	pprofOption
	Services []string
	Settle   time.Duration
	Execute  bool
	All      bool
	Yes      bool

	console *console
	// connect opens the target, and the source never.
	connect    func(context.Context, connector, access) (*endpoints, error)
	openReader func(ctx context.Context, path string) (migrate.LedgerReader, error)
	openLedger func(ctx context.Context, path string) (migrate.Ledger, error)
}

var undoForms = []reports.Format{reports.Text, reports.JSON, reports.CSV}

func newUndo(c *console, common *commonOptions, run func(context.Context, *undoOptions) error) *cobra.Command {
	o := &undoOptions{
		commonOptions: common, console: c, connect: dialTarget, openReader: readLedger,
		openLedger: openLedger,
	}
	cmd := &cobra.Command{
		Use:   "undo",
		Short: "Delete from the target what this ledger created",
		Long: `Delete from the target what the migration of this ledger created and nobody has
changed since: conversations, then the users, roles and services that nothing
else needs. The ledger is the file that records what arrived. Without --execute
it writes nothing: it only lists what would go, and what would stay and why.
--all names every conversation.

It keeps whatever existed before, or was adopted in a service that this ledger
did not create. It keeps every conversation with a message, participant, name or
attribute that the migration did not leave there. It also keeps people who have
changed their profile, and roles that somebody added or changed. Values that
--policy replaced are restored.

It never touches the source, and sends no push notification. The first interrupt
finishes what is in flight, the second stops at once; run it again to go on. It
deletes nothing while the file of --pause-file exists, or outside --hours. A
later chatbridge migrate with the same ledger starts from the beginning. A pass
that a worker was to take is withdrawn.

What chatbridge rehearse measured (--rehearsal) can make it wait longer for late
writes. It keeps no undo from beginning.` +
			exitHelp(),
		Example: `  chatbridge undo
  chatbridge undo --execute --ledger support.db`,
		GroupID: groupMigrate,
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.profiled(c, func() error { return run(cmd.Context(), o) })
		},
	}
	o.connectionOptions.flags(cmd.Flags())
	o.ledgerOption.flags(cmd.Flags())
	o.pauseOption.flags(cmd.Flags())
	o.rehearsalOption.flags(cmd.Flags())
	o.pprofOption.flags(cmd.Flags())
	o.outputOption.flags(cmd.Flags(), undoForms...)
	settings(cmd.Flags(), func(fs *pflag.FlagSet) {
		fs.StringSliceVar(&o.Services, "service", nil, "`SID` of a source service to undo (repeatable; default all)")
		fs.DurationVar(&o.Settle, "settle", migrate.DefaultSettle, "how long to wait for an unanswered write to land")
		fs.BoolVarP(&o.Yes, "yes", "y", false, "begin without asking")
	})
	cmd.Flags().BoolVar(&o.All, "all", false, "name every conversation, not just the largest")
	cmd.Flags().BoolVar(&o.Execute, "execute", false, "delete, instead of only listing")
	return cmd
}

func (o *undoOptions) check() (reports.Format, error) {
	if o.Settle <= 0 {
		return "", usageError("write a duration with its unit, such as 10s", "--settle %s is not above 0", o.Settle)
	}
	if err := errors.Join(o.connectionOptions.check(), o.pauseOption.check(), (&mappingOptions{Services: o.Services, ToService: newService}).check()); err != nil {
		return "", err
	}
	return o.format(undoForms...)
}

func runUndo(ctx context.Context, o *undoOptions) error {
	form, err := o.check()
	if err != nil {
		return err
	}
	if o.Execute && !o.Yes && !o.console.terminal(o.console.in) {
		return usageError("look first with chatbridge undo; to delete: chatbridge undo --execute --yes", "there is no terminal to ask on")
	}
	if err := o.load("undo"); err != nil {
		return err
	}
	ledger, err := o.openReader(ctx, o.Ledger)
	if err != nil {
		return err
	}
	bound, err := ledger.Fingerprint(ctx)
	if err := errors.Join(err, ledger.Close()); err != nil {
		return err
	}
	level := readTarget
	if o.Execute {
		level = writeTarget
	}
	o.settle = o.Settle
	shown := o.progress(o.console, connecting)
	o.anyAPI()
	s, err := o.connect(ctx, connector{&o.connectionOptions, o.console, shown.log, shown.Event}, level)
	shown.Close()
	if err != nil {
		return interrupted(ctx, err)
	}
	defer s.Close()
	o.console.met(s, &o.connectionOptions, o.Ledger)
	if err := o.take(o.console, o.targetOf(o.console, s.targetAccount), "undo"); err != nil {
		return err
	}
	o.announce(o.tell(o.console), o.Settle)
	if err := o.agree(ctx, s, bound); err != nil {
		return err
	}
	return o.undo(ctx, form, s)
}

// agree makes sure that the ledger is about this account, where everything would
// otherwise pass for deleted, and asks.
func (o *undoOptions) agree(ctx context.Context, s *endpoints, bound migrate.Fingerprint) error {
	if account := bound[targetAccountSetting]; account != s.targetAccount {
		return &migrate.Error{
			Op: "check ledger", Kind: migrate.Conflict, Err: fmt.Errorf("%s is for target account %q, but the credentials are for %s", o.Ledger, account, s.targetAccount),
			Hint: "use the credentials of that migration, or another --ledger",
		}
	}
	if region := bound[targetRegionSetting]; region != s.targetRegion {
		return &migrate.Error{
			Op: "check ledger", Kind: migrate.Conflict, Err: fmt.Errorf("%s is for a target in region %s, but the settings say %s", o.Ledger, regionName(region), regionName(s.targetRegion)),
			Hint: "give --target-region as in that migration, or another --ledger",
		}
	}
	if !o.Execute || o.Yes {
		return nil
	}
	fmt.Fprintf(o.console.err, "Delete from account %s what the migration of ledger %s created there.\n", s.targetAccount, o.Ledger)
	return o.console.confirm(ctx)
}

func (o *undoOptions) undo(ctx context.Context, form reports.Format, s *endpoints) error {
	ctx, drain, stop := interruptible(ctx, o.console)
	defer stop()
	if o.Execute { // a preview writes nothing
		paused, resume := o.pauseOption.watch(ctx, o.tell(o.console))
		defer resume()
		ctx = paused
	}
	shown := o.progress(o.console, "looked at")
	u := &undo.Undoer{
		Target: s.reader, Write: s.writer, Observer: shown, Execute: o.Execute, Drain: drain,
		Settings: migrate.Settings{Services: o.Services, Concurrency: o.channels(), Settle: o.rehearsed.Lengthen(o.Settle)},
	}
	closer, err := o.open(ctx, u)
	if err != nil {
		shown.Close()
		return err
	}
	w := reports.NewUndo(o.console.out, form, o.console.about()...)
	w.All = o.All
	done, err := u.Run(ctx, w.Removal)
	shown.Close()
	if o.Execute && err == nil {
		err = o.console.keep(ctx, u.Record)
	}
	if err := errors.Join(w.Close(done), closer()); err != nil {
		return err
	}
	if err != nil {
		return interrupted(ctx, err)
	}
	if kept := done.Kept(); o.Execute && kept > 0 {
		return &outcome{
			status: exitIncomplete, message: plural(int(kept), "thing stays", "things stay") + " in the target",
			hint: "the result gives each reason; to delete one anyway, use the Twilio Console",
		}
	}
	return nil
}

// open gives the undo its ledger: for reading only, unless it executes.
func (o *undoOptions) open(ctx context.Context, u *undo.Undoer) (closer func() error, err error) {
	if !o.Execute {
		r, err := o.openReader(ctx, o.Ledger)
		if err != nil {
			return nil, err
		}
		u.Ledger = r
		return r.Close, nil
	}
	l, err := o.openLedger(ctx, o.Ledger)
	if err != nil {
		return nil, err
	}
	if err := o.withdraw(ctx, l); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	u.Ledger, u.Record = l, l
	return l.Close, nil
}

// withdraw gives up a pass that workers were asked for: the next one to come would bring
// back what is undone.
func (o *undoOptions) withdraw(ctx context.Context, l migrate.Ledger) error {
	shared, ok := l.(interface {
		Withdraw(ctx context.Context, reason string) (migrate.Work, bool, error)
	})
	if !ok {
		return nil
	}
	w, open, err := shared.Withdraw(ctx, "undone")
	if err == nil && open {
		o.tell(o.console)(fmt.Sprintf("Pass %d, which a worker was to take, is withdrawn", w.Pass))
	}
	return err
}

// dialTarget opens the target alone, and asks it a question.
func dialTarget(ctx context.Context, c connector, level access) (*endpoints, error) {
	if err := c.checkSurroundings(level); err != nil {
		return nil, err
	}
	open := func(http http.RoundTripper) (*endpoints, error) {
		s := &endpoints{}
		return s, c.openTarget(s, http, level)
	}
	probe, err := open(c.transport(&transport.Counter{}, c.log, probePatience))
	if err != nil {
		return nil, err
	}
	if _, err := probe.reader.Timers(ctx); err != nil {
		return nil, err
	}
	counter := &transport.Counter{}
	s, err := open(c.transport(counter, c.log, transport.Patience{}))
	s.counter = counter
	return s, err
}
