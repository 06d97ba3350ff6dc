package main

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"chatbridge/migrate"
	"chatbridge/reports"
)

// sidsOptions are those of sids.
type sidsOptions struct {
	ledgerOption
	Output   string
	Kinds    []string
	Services []string
	Channels []string
	SID      string // the one to look up; empty lists all

	console    *console
	openLedger func(ctx context.Context, path string) (migrate.LedgerReader, error)
}

var sidsForms = []reports.Format{reports.CSV, reports.JSONLines}

func newSIDs(c *console, run func(context.Context, *sidsOptions) error) *cobra.Command {
	o := &sidsOptions{console: c, openLedger: readLedger}
	cmd := &cobra.Command{
		Use:   "sids [SID]",
		Short: "List old and new SIDs, or look one up",
		Long: `List the old and new SID of everything that arrived: services, roles, users,
channels, members and messages, as CSV or as one JSON object per line. Messages
also have their old and new index. Given a SID, old or new and of any kind, it
shows only that one. A user without an old SID was known only as a member.

Looking up a message, or a new SID, reads the whole ledger. It never opens a
connection, except to the database of a PostgreSQL ledger, needs no credentials of
Twilio and changes nothing. It works while a migration runs.` +
			exitHelp(exitDone, exitFailed, exitUsage, exitCredentials, exitService, exitLedger),
		Example: `  chatbridge sids --kind channels > channels.csv
  chatbridge sids CH…`,
		GroupID: groupMigrate,
		Args:    cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch len(args) {
			case 0:
			case 1:
				o.SID = args[0]
			default:
				return usageError("to look up many, list them all and search: chatbridge sids > sids.csv", "sids takes one SID, got %d", len(args))
			}
			return run(cmd.Context(), o)
		},
	}
	o.ledgerOption.flags(cmd.Flags())
	cmd.Flags().StringSliceVar(&o.Kinds, "kind", nil, "`kind` to list: "+strings.Join(migrate.PairKinds, ", ")+" (repeatable; default all)")
	cmd.Flags().StringSliceVar(&o.Services, "service", nil, "`SID` of a service, old or new, to list (repeatable; default all)")
	cmd.Flags().StringSliceVar(&o.Channels, "channel", nil, "`SID` of a channel, old or new, to list with its members and messages (repeatable)")
	cmd.Flags().StringVarP(&o.Output, "output", "o", string(reports.CSV), "form of the result: "+reports.List(sidsForms))
	takes(cmd.Flags(), sidsForms)
	return cmd
}

func (o *sidsOptions) check() error {
	for _, kind := range o.Kinds {
		if !slices.Contains(migrate.PairKinds, kind) {
			return usageError("choose from "+strings.Join(migrate.PairKinds, ", "), "--kind %q is not known", kind)
		}
	}
	if !slices.Contains(sidsForms, reports.Format(o.Output)) {
		return usageError("choose "+reports.List(sidsForms), "--output %q is not among the forms of this result", o.Output)
	}
	if o.SID != "" && len(o.Kinds)+len(o.Services)+len(o.Channels) > 0 {
		return usageError("give the SID alone", "a SID to look up cannot be combined with --kind, --service or --channel")
	}
	return nil
}

func runSIDs(ctx context.Context, o *sidsOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	ledger, err := o.openLedger(ctx, o.Ledger)
	if err != nil {
		return err
	}
	defer ledger.Close()
	if o.SID == "" {
		ctx, stop := cutAtOnce(ctx, o.console)
		defer stop()
		pairs := migrate.Pairs(ctx, ledger, migrate.Selection{Kinds: o.Kinds, Services: o.Services, Channels: o.Channels})
		return interrupted(ctx, reports.WritePairs(o.console.out, reports.Format(o.Output), pairs))
	}
	found, err := ledger.Lookup(ctx, o.SID)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return &migrate.Error{
			Op: "look up", Kind: migrate.NotFound, SID: o.SID, Err: errors.New("nothing that arrived has this SID in the ledger"),
			Hint: "check the SID and --ledger; for what is still to come: chatbridge status",
		}
	}
	return reports.WritePairs(o.console.out, reports.Format(o.Output), func(yield func(migrate.Pair, error) bool) {
		for _, p := range found {
			if !yield(p, nil) {
				return
			}
		}
	})
}
