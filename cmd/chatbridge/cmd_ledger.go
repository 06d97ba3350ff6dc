package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"chatbridge/migrate"
	"chatbridge/migrate/ledgercopy"
	"chatbridge/reports"
)

// newLedger has the commands that are about a ledger and not about what is in it.
func newLedger(c *console) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "ledger",
		Short: "Copy a ledger to or from PostgreSQL, print its originals, or delete it",
		Long: `Copy a ledger (what records what arrived) from a file into a PostgreSQL database
or back, print the originals of what policies dropped or shortened, or delete a ledger
with all that is kept beside it.`,
		Example: `  chatbridge ledger copy chatbridge.db postgres://me@db.example.com/chats
  chatbridge ledger originals --ledger postgres://me@db.example.com/chats
  chatbridge ledger purge --ledger chatbridge.db`,
		GroupID: groupMore,
		Args:    noArguments,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	purge := newPurge(c, runPurge)
	purge.GroupID = ""
	cmd.AddCommand(newLedgerCopy(c, runLedgerCopy), newOriginals(c, runOriginals), purge)
	return cmd
}

// ledgerCopyOptions are those of ledger copy.
type ledgerCopyOptions struct {
	outputOption
	From, To  string
	Migration string

	console *console
}

var ledgerCopyForms = []reports.Format{reports.Text, reports.JSON}

func newLedgerCopy(c *console, run func(context.Context, *ledgerCopyOptions) error) *cobra.Command {
	o := &ledgerCopyOptions{console: c}
	cmd := &cobra.Command{
		Use:   "copy FROM TO",
		Short: "Copy a ledger to or from PostgreSQL",
		Long: `Copy everything that the ledger FROM records into a new ledger TO. Each is a file
or a postgres:// URL. Behind a URL, #NAME names the migration in the database;
--migration names it for a URL without one. The copy has the same ID and settings, so
migrate, verify and undo go on with it. Then leave FROM alone: two ledgers that both go
on know of half each. The originals of what policies dropped or shortened are copied
too, between the database and FILE.originals.jsonl, each once.

TO comes into being whole or not at all: if the command fails or is killed, there is
no ledger TO, and the same command can be run again. It counts all records of the copy
before it keeps it. It refuses a TO that is there already or has other originals beside
it, and a FROM that a run is writing. FROM stays as it is, but for a schema that is
brought up to date.

A password goes into PGPASSWORD, or into a file that PGPASSFILE names. It never
touches Twilio and needs no credentials for it.` +
			exitHelp(exitDone, exitFailed, exitUsage, exitCredentials, exitService, exitLedger, exitInterrupted),
		Example: `  chatbridge ledger copy chatbridge.db postgres://me@db.example.com/chats
  chatbridge ledger copy 'postgres://me@db.example.com/chats#support' support.db`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 2 {
				return usageError("chatbridge ledger copy chatbridge.db postgres://USER@HOST/DATABASE", "ledger copy takes two ledgers, FROM and TO, and got %d", len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o.From, o.To = args[0], args[1]
			return run(cmd.Context(), o)
		},
	}
	o.outputOption.flags(cmd.Flags(), ledgerCopyForms...)
	settings(cmd.Flags(), func(fs *pflag.FlagSet) {
		fs.StringVar(&o.Migration, migrationFlag, defaultMigration, "`name` of the migration in PostgreSQL, for a URL without #NAME")
	})
	return cmd
}

// copiedAtOnce is after how many records a copy says how far it is.
const copiedAtOnce = 250_000

func runLedgerCopy(ctx context.Context, o *ledgerCopyOptions) error {
	form, err := o.format(ledgerCopyForms...)
	if err != nil {
		return err
	}
	from, to, err := o.ledgers()
	if err != nil {
		return err
	}
	ctx, stop := cutAtOnce(ctx, o.console)
	defer stop()
	counts, note, err := o.copy(ctx, from, to)
	if err != nil {
		return interrupted(ctx, err)
	}
	if note != "" {
		fmt.Fprintln(o.console.err, reports.Plain(note))
	}
	return reports.WriteCopiedLedger(o.console.out, form, reports.CopiedLedger{
		SchemaVersion: migrate.SchemaVersion, Command: "ledger copy", From: from, To: to,
		Records: reports.RecordKinds(counts), Next: "chatbridge status --ledger " + quoted(to),
	})
}

// ledgers are the names of both.
func (o *ledgerCopyOptions) ledgers() (from, to string, err error) {
	for _, l := range []struct {
		given string
		name  *string
	}{{o.From, &from}, {o.To, &to}} {
		if l.given == "" {
			return "", "", usageError("name both ledgers", "a ledger is empty")
		}
		*l.name = l.given
		if isDatabase(l.given) {
			if *l.name, err = namedMigration(l.given, o.Migration); err != nil {
				return "", "", err
			}
		}
	}
	if from == to || !isDatabase(from) && !isDatabase(to) && filepath.Clean(from) == filepath.Clean(to) {
		return "", "", usageError("name another one to copy to", "both ledgers are %s", from)
	}
	return from, to, nil
}

// copy copies all of it. note is something to say afterwards, if it is not empty.
func (o *ledgerCopyOptions) copy(ctx context.Context, from, to string) (counts ledgercopy.Counts, note string, err error) {
	// Opening one to write would make it.
	r, err := readLedger(ctx, from)
	if err != nil {
		return nil, "", err
	}
	if err := r.Close(); err != nil {
		return nil, "", err
	}
	source, err := openLedger(ctx, from) // so that nobody writes it meanwhile
	if err != nil {
		return nil, "", err
	}
	defer func() { err = cmp.Or(err, source.Close()) }()
	contents, ok := source.(migrate.LedgerContents)
	if !ok {
		return nil, "", &migrate.Error{Op: "copy ledger", Kind: migrate.Failed, Err: errors.New("this kind of ledger cannot be copied")}
	}
	all, said := withOriginals(contents, from)
	target, err := createLedger(ctx, to)
	if err != nil {
		return nil, "", err
	}
	if target, err = takesOriginals(target, to); err != nil {
		return nil, "", err
	}
	defer func() { err = cmp.Or(err, target.Close()) }()
	n := int64(0)
	counts, err = ledgercopy.Copy(ctx, all, target, func(more int64) {
		if n += more; n%copiedAtOnce == 0 {
			fmt.Fprintf(o.console.err, "copied so far: %s\n", quantity(n, "record", "records"))
		}
	})
	return counts, said(), err
}
