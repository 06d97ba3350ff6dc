package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"chatbridge/migrate"
	"chatbridge/migrate/sqlite"
	"chatbridge/reports"
)

// statusOptions are those of status.
type statusOptions struct {
	outputOption
	ledgerOption

	console    *console
	openLedger func(ctx context.Context, path string) (*sqlite.Reader, error)
}

var statusForms = []reports.Format{reports.Text, reports.JSON, reports.Markdown}

func newStatus(c *console, run func(context.Context, *statusOptions) error) *cobra.Command {
	o := &statusOptions{console: c, openLedger: sqlite.OpenReader}
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Say how far a migration is, and what failed",
		Long: `Say how far a migration is, from its ledger: what is done of what there is, how
the last run ended, and what was not carried and why. Works while a migration runs.

It never opens a connection, needs no credentials and changes nothing.` +
			exitHelp(exitDone, exitFailed, exitUsage),
		Example: `  chatbridge status
  chatbridge status --ledger support.db --output json`,
		GroupID: groupMigrate,
		Args:    noArguments,
		RunE:    func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), o) },
	}
	o.ledgerOption.flags(cmd.Flags())
	o.outputOption.flags(cmd.Flags(), statusForms...)
	return cmd
}

func runStatus(ctx context.Context, o *statusOptions) error {
	form, err := o.format(statusForms...)
	if err != nil {
		return err
	}
	ledger, err := o.openLedger(ctx, o.Ledger)
	if err != nil {
		return err
	}
	defer ledger.Close()
	s, err := readStatus(ctx, ledger)
	if err != nil {
		return err
	}
	s.Ledger, s.Next = o.Ledger, nextCommand(s, o.Ledger)
	return reports.WriteStatus(o.console.out, form, s)
}

// readStatus reads all that a ledger says about its migration.
func readStatus(ctx context.Context, l *sqlite.Reader) (reports.Status, error) {
	s := reports.Status{SchemaVersion: migrate.SchemaVersion, Command: "status"}
	services, err := l.Services(ctx)
	if err != nil {
		return s, err
	}
	for _, rec := range services {
		one, err := serviceStatus(ctx, l, rec)
		if err != nil {
			return s, err
		}
		s.Services = append(s.Services, one)
	}
	for f, err := range l.Failures(ctx) {
		if err != nil {
			return s, err
		}
		s.Failures = append(s.Failures, migrate.FailureLine{
			Kind: f.Kind, SourceSID: f.SourceSID, TargetSID: f.TargetSID, Reason: f.Reason, Hint: f.Hint,
		})
	}
	last, ok, err := l.LastRun(ctx)
	if err != nil || !ok {
		return s, err
	}
	s.Run = &reports.Run{Status: last.Status, PID: last.PID, Host: last.Host, StartedAt: last.StartedAt, SeenAt: last.HeartbeatAt}
	if !last.EndedAt.IsZero() {
		s.Run.EndedAt = &last.EndedAt
	}
	if len(last.Progress) == 0 {
		return s, nil
	}
	var p migrate.Progress
	if err := json.Unmarshal(last.Progress, &p); err != nil {
		return s, fmt.Errorf("read progress of the last run: %w", err)
	}
	s.Run.Lanes, s.Run.Requests = p.Lanes, p.Traffic
	for _, c := range p.Counts {
		s.Run.Done += c.Written + c.Existing + c.Failed
		s.Run.Written += c.Written
	}
	for _, n := range p.Totals {
		s.Run.Total += n
	}
	return s, nil
}

func serviceStatus(ctx context.Context, l *sqlite.Reader, rec migrate.ServiceRecord) (reports.ServiceStatus, error) {
	one := reports.ServiceStatus{
		SourceSID: rec.SourceSID, TargetSID: rec.TargetSID, FriendlyName: rec.FriendlyName, Stage: stageName(rec.Stage),
	}
	for c, err := range l.Channels(ctx, rec.SourceSID) {
		if err != nil {
			return one, err
		}
		one.Channels.Total++
		if c.Stage == migrate.Done {
			one.Channels.Done++
		}
		one.Messages.Done += c.Messages
		one.Messages.Total += max(c.Messages, c.MessagesCount)
	}
	return one, nil
}

var stageNames = map[migrate.Stage]string{
	migrate.Planned:  "planned",
	migrate.Open:     "open",
	migrate.Copied:   "copied",
	migrate.Checked:  "checked",
	migrate.Horizons: "horizons",
	migrate.Done:     "done",
}

func stageName(s migrate.Stage) string { return cmp.Or(stageNames[s], "unknown") }

func nextCommand(s reports.Status, ledger string) string {
	at := ""
	if ledger != defaultLedger {
		at = " --ledger " + ledger
	}
	if s.Run != nil && s.Run.Status == migrate.Complete {
		return "chatbridge verify" + at
	}
	return "chatbridge migrate" + at
}
