package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"chatbridge/migrate"
	"chatbridge/migrate/inplace"
	"chatbridge/migrate/replay"
	"chatbridge/migrate/undo"
	"chatbridge/migrate/verify"
	"chatbridge/reports"
)

// reportOptions are those of report.
type reportOptions struct {
	outputOption
	detailsOption
	ledgerOption

	console    *console
	openLedger func(ctx context.Context, path string) (migrate.LedgerReader, error)
}

var reportForms = []reports.Format{reports.Text, reports.JSON, reports.Markdown, reports.CSV, reports.HTML}

func newReport(c *console, run func(context.Context, *reportOptions) error) *cobra.Command {
	o := &reportOptions{console: c, openLedger: readLedger}
	cmd := &cobra.Command{
		Use:   "report",
		Short: "Show the report of the last run again, as text or as a web page",
		Long: `Show the report of the last run again, from the ledger, the file that records
what arrived. Its counts and losses cover all runs. --output html makes one page
to keep, mail or print: everything is in that file, and it loads nothing from
anywhere. If the run was killed, the report shows what was recorded last.

For many accounts see: chatbridge help accounts

It never opens a connection, except to the database of a PostgreSQL ledger, needs
no credentials of Twilio and changes nothing.` +
			exitHelp(exitDone, exitFailed, exitUsage, exitCredentials, exitService, exitLedger),
		Example: `  chatbridge report
  chatbridge report --ledger support.db --output html > report.html`,
		GroupID: groupMigrate,
		Args:    noArguments,
		RunE:    func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), o) },
	}
	o.ledgerOption.flags(cmd.Flags())
	o.outputOption.flags(cmd.Flags(), reportForms...)
	o.detailsOption.flags(cmd.Flags())
	return cmd
}

func runReport(ctx context.Context, o *reportOptions) error {
	form, err := o.format(reportForms...)
	if err != nil {
		return err
	}
	ledger, err := o.openLedger(ctx, o.Ledger)
	if err != nil {
		return err
	}
	defer ledger.Close()
	bound, err := ledger.Fingerprint(ctx)
	if err != nil {
		return err
	}
	o.console.next.about(bound)
	if told, err := o.other(ctx, ledger, form, bound); told || err != nil {
		return err
	}
	m, err := readMigration(ctx, ledger, o.Ledger)
	if err != nil {
		return err
	}
	return o.console.result(form, func(w io.Writer, form reports.Format) error {
		return reports.WriteMigration(w, form, m, o.rendering(o.console)...)
	})
}

// other tells of a last run that was no migration: an undo, or one that made
// channels private where they are.
func (o *reportOptions) other(ctx context.Context, l migrate.LedgerReader, form reports.Format, bound migrate.Fingerprint) (told bool, err error) {
	last, ok, err := l.LastRun(ctx)
	if err != nil || !ok {
		return false, err
	}
	o.console.next.alongside(last)
	if err := o.console.remembered(last, bound, o.Ledger); err != nil {
		return false, err
	}
	if len(last.Summary) == 0 {
		return false, unreported(last)
	}
	switch {
	case last.Status == migrate.UndoneStatus:
		if _, err := o.format(undoForms[:2]...); err != nil {
			return true, err
		}
		var done undo.Undone
		if err := json.Unmarshal(last.Summary, &done); err != nil {
			return true, fmt.Errorf("read summary of the last run: %w", err)
		}
		return true, o.console.result(form, func(w io.Writer, form reports.Format) error {
			if o.console.of != nil && !slices.Contains(undoForms[:2], form) {
				return nil
			}
			return reports.NewUndo(w, form, o.console.about()...).Close(done)
		})
	case bound[modeSetting] == modeInPlace:
		if _, err := o.format(inPlaceForms...); err != nil {
			return true, err
		}
		var r inplace.Result
		if err := json.Unmarshal(last.Summary, &r); err != nil {
			return true, fmt.Errorf("read summary of the last run: %w", err)
		}
		return true, o.console.inPlace(form, r)
	}
	return false, nil
}

// unreported says of a last run that has not ended that it leaves nothing to report,
// unless it is a migration, of which the ledger tells how each channel stands.
func unreported(last migrate.RunRecord) error {
	var p replay.Progress
	if len(last.Progress) > 0 {
		if err := json.Unmarshal(last.Progress, &p); err != nil {
			return fmt.Errorf("read progress of the last run: %w", err)
		}
	}
	if p.Command == "" {
		return nil
	}
	return &migrate.Error{
		Op: "read last run", Kind: migrate.NotFound, Err: fmt.Errorf("chatbridge %s has not ended, so there is no report of it", reports.Plain(p.Command)),
		Hint: "to see how far it is, or whether it was killed: chatbridge status",
	}
}

// readMigration reads the last run and how each channel stands.
func readMigration(ctx context.Context, l migrate.LedgerReader, path string) (*reports.Migration, error) {
	last, ok, err := l.LastRun(ctx)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, &migrate.Error{
			Op: "read last run", Kind: migrate.NotFound, Err: errors.New("the ledger has no run recorded"),
			Hint: "to begin: chatbridge migrate",
		}
	}
	services, err := l.Services(ctx)
	if err != nil {
		return nil, err
	}
	m := &reports.Migration{Ledger: filepath.Base(path), StartedAt: last.StartedAt}
	failures, err := readFailures(ctx, l)
	if err != nil {
		return nil, err
	}
	reasons, stopped := map[string]string{}, map[string]bool{}
	for _, f := range failures {
		reasons[f.SourceSID], stopped[f.SourceSID] = f.Reason, true
	}
	for _, s := range services {
		_, err := migrate.ReadAccount(ctx, l, s.SourceSID, stopped, func(c migrate.ChannelRecord, _ migrate.KindCount) {
			m.Channels.Add(c, reasons[c.SourceSID])
		})
		if err != nil {
			return nil, err
		}
	}
	if len(last.Summary) > 0 {
		if err := json.Unmarshal(last.Summary, &m.Summary); err != nil {
			return nil, fmt.Errorf("read summary of the last run: %w", err)
		}
		return m, nil
	}
	if m.Summary, err = unended(last, services); err != nil {
		return nil, err
	}
	for _, f := range failures {
		m.Summary.Failures = append(m.Summary.Failures, f.FailureLine)
	}
	return m, replay.Recount(ctx, l, &m.Summary)
}

// unended is what a run said of itself that has not ended, or was killed.
func unended(last migrate.RunRecord, services []migrate.ServiceRecord) (replay.Summary, error) {
	s := replay.Summary{
		SchemaVersion: migrate.SchemaVersion, Command: "migrate", Status: migrate.RunningStatus,
		Duration: last.HeartbeatAt.Sub(last.StartedAt).Seconds(),
	}
	for _, one := range services {
		s.Services = append(s.Services, migrate.SummaryService{
			SourceSID: one.SourceSID, TargetSID: one.TargetSID, FriendlyName: one.FriendlyName,
		})
	}
	if len(last.Progress) == 0 {
		return s, nil
	}
	var p replay.Progress
	if err := json.Unmarshal(last.Progress, &p); err != nil {
		return s, fmt.Errorf("read progress of the last run: %w", err)
	}
	s.Counts, s.Requests, s.Timeline = p.Counts, p.Traffic, p.Timeline
	return s, nil
}

// writeSummary renders what a run did; a page also shows how each channel
// stands, which only the ledger knows.
func writeSummary(ctx context.Context, o *migrateOptions, form reports.Format, ledger migrate.LedgerReader, s replay.Summary, deep *verify.Repairs) error {
	return o.console.result(form, func(w io.Writer, form reports.Format) error {
		if form != reports.HTML {
			return reports.Summary(w, form, s, deep, o.rendering(o.console)...)
		}
		m, err := readMigration(context.WithoutCancel(ctx), ledger, o.Ledger)
		if err != nil {
			return reports.Summary(w, form, s, deep, o.rendering(o.console)...)
		}
		m.Summary = s
		return reports.WriteMigration(w, form, m, o.rendering(o.console)...)
	})
}
