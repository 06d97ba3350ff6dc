package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"chatbridge/migrate"
	"chatbridge/reports"
)

// purgeOptions are those of purge.
type purgeOptions struct {
	outputOption
	ledgerOption
	Paths      []string
	Execute    bool
	Unfinished bool
	Yes        bool

	// named says that somebody named a ledger.
	named   bool
	console *console
}

var purgeForms = []reports.Format{reports.Text, reports.JSON}

func newPurge(c *console, run func(context.Context, *purgeOptions) error) *cobra.Command {
	o := &purgeOptions{console: c}
	cmd := &cobra.Command{
		Use:   "purge [PATH]...",
		Short: "Delete personal data of a finished migration from this machine",
		Long: `Delete the files that hold personal data once a migration is finished: the
ledger (the file that records what arrived) with its SQLite and lock files, and
the originals that policies kept. It also deletes each PATH: an archive of
chatbridge export (a folder or a zip), a page, JSON or a CSV table that
chatbridge wrote, another ledger, or its originals. If you give a PATH, the
ledger goes only if --ledger, its variable or the configuration file names it.
Write a PATH that begins with a dash with ./ before it.

Without --execute it only lists what would go, how large it is, what it holds,
and what can no longer be done afterwards. It deletes only what it recognizes as
its own by the content, and keeps other files in the folder of an archive. It
follows no symbolic link. If a PATH is anything else, it refuses before it
deletes anything. It refuses a ledger that is in use, and its originals. If the
last run is not complete, it refuses both unless you give --unfinished.

A ledger in PostgreSQL (--ledger postgres://...) is deleted from its database with its
originals; other migrations in it stay. It removes files but does not overwrite them; backups and
snapshots keep what they have. It never opens a connection, except to the database
of a PostgreSQL ledger, needs no credentials of Twilio and changes nothing there. To
delete the copy there, run chatbridge undo first: it needs the ledger.` +
			exitHelp(exitDone, exitFailed, exitUsage, exitIncomplete, exitCredentials, exitService, exitLedger, exitInterrupted),
		Example: `  chatbridge purge
  chatbridge purge --execute --ledger support.db workspace.zip report.html`,
		GroupID: groupMigrate,
		Args:    cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Paths, o.named = args, isGiven(cmd.Flags().Lookup("ledger"))
			return run(cmd.Context(), o)
		},
	}
	o.ledgerOption.flags(cmd.Flags())
	o.outputOption.flags(cmd.Flags(), purgeForms...)
	settings(cmd.Flags(), func(fs *pflag.FlagSet) {
		fs.BoolVarP(&o.Yes, "yes", "y", false, "begin without asking")
	})
	cmd.Flags().BoolVar(&o.Execute, "execute", false, "delete, instead of only listing")
	cmd.Flags().BoolVar(&o.Unfinished, "unfinished", false, "delete a ledger and its originals even if the last run is not complete")
	return cmd
}

func runPurge(ctx context.Context, o *purgeOptions) error {
	form, err := o.format(purgeForms...)
	if err != nil {
		return err
	}
	if o.Execute && !o.Yes && !o.console.terminal(o.console.in) {
		return usageError("look first, without --execute; to delete: "+o.command(o.Unfinished, "--yes"), "there is no terminal to ask on")
	}
	s := &sweep{hold: o.Execute}
	defer s.close()
	if err := o.find(ctx, s); err != nil {
		return err
	}
	result := s.result(o.Execute)
	if !o.Execute {
		result.Next = o.command(len(result.Unfinished) > 0)
	} else {
		if err := o.agree(ctx, result); err != nil {
			return err
		}
		s.remove(&result)
	}
	if err := s.close(); err != nil {
		return err
	}
	if err := reports.WritePurge(o.console.out, form, result, o.console.completing()); err != nil {
		return err
	}
	return o.verdict(result)
}

// find gathers everything that is to go, and refuses all of it if one is refused.
func (o *purgeOptions) find(ctx context.Context, s *sweep) error {
	if len(o.Paths) == 0 || o.named {
		if err := s.ledger(ctx, o.Ledger); err != nil {
			return err
		}
	}
	// Ledgers first: they say whose the files beside them are.
	paths := slices.Clone(o.Paths)
	slices.SortStableFunc(paths, func(a, b string) int {
		switch la, lb := isLedger(a), isLedger(b); {
		case la == lb:
			return 0
		case la:
			return -1
		}
		return 1
	})
	for _, path := range paths {
		if err := s.path(ctx, path); err != nil {
			return err
		}
	}
	return nil
}

// agree makes sure that nothing goes that is still needed, and asks.
func (o *purgeOptions) agree(ctx context.Context, p reports.Purged) error {
	if len(p.Unfinished) > 0 && !o.Unfinished {
		return &migrate.Error{
			Op: "purge", Kind: migrate.Usage, Err: errors.New(p.Unfinished[0]),
			Hint: "finish it with chatbridge migrate; to delete all the same: " + o.command(true),
		}
	}
	if o.Yes {
		return nil
	}
	p.Executed = false // not yet
	if err := reports.WritePurge(o.console.err, reports.Text, p, o.console.completing()); err != nil {
		return err
	}
	fmt.Fprintln(o.console.err, "Delete these files from this machine, for good.")
	return o.console.confirm(ctx)
}

// command is the one that deletes what is listed, with all that it takes.
func (o *purgeOptions) command(unfinished bool, flags ...string) string {
	words := append([]string{"chatbridge purge --execute"}, flags...)
	if unfinished {
		words = append(words, "--unfinished")
	}
	for _, path := range o.Paths {
		words = append(words, pathWord(path))
	}
	return o.console.next.complete(strings.Join(words, " "))
}

func (o *purgeOptions) verdict(p reports.Purged) error {
	stays := 0
	for _, i := range p.Items {
		if i.Reason != "" {
			stays++
		}
	}
	if !o.Execute || stays == 0 {
		return nil
	}
	return &outcome{
		status: exitIncomplete, message: plural(stays, "thing stays", "things stay") + " in whole or in part",
		hint: "the result says what and why; remove by hand what is not needed",
	}
}
