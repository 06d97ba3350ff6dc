package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"chatbridge/migrate"
	"chatbridge/migrate/replay"
	"chatbridge/migrate/undo"
	"chatbridge/reports"
)

// silence is how long a run may say nothing and still be taken for alive. It
// says that it lives every second, and waits for its disk before it does.
const silence = 15 * time.Second

// underWayShown bounds the channels that a status names.
const underWayShown = 10

// readStatus reads all that a ledger says about its migration.
func readStatus(ctx context.Context, l migrate.LedgerReader, path string, now time.Time) (reports.Status, error) {
	s := reports.Status{SchemaVersion: migrate.SchemaVersion, Command: "status", Ledger: path}
	bound, err := l.Fingerprint(ctx)
	if err != nil {
		return s, err
	}
	s.InPlace = bound[modeSetting] == modeInPlace
	if s.Run, err = lastRun(ctx, l, now); err != nil {
		return s, err
	}
	if s.InPlace && s.Run != nil && s.Run.Command == reports.MigrateRun {
		s.Run.Command = reports.InPlaceRun
	}
	if h, ok := l.(holding); ok {
		held, err := h.Holding(ctx)
		if err != nil {
			return s, err
		}
		s.Held(held)
	}
	if s.Failures, err = readFailures(ctx, l); err != nil {
		return s, err
	}
	services, err := l.Services(ctx)
	if err != nil {
		return s, err
	}
	stopped, err := migrate.Stopped(ctx, l)
	if err != nil {
		return s, err
	}
	for _, rec := range services {
		one, underWay, err := serviceStatus(ctx, l, rec, stopped)
		if err != nil {
			return s, err
		}
		s.Services = append(s.Services, one)
		s.UnderWay = append(s.UnderWay, underWay...)
	}
	slices.SortStableFunc(s.UnderWay, func(a, b reports.ChannelStatus) int { return cmp.Compare(left(b), left(a)) })
	s.UnderWay = s.UnderWay[:min(underWayShown, len(s.UnderWay))]
	s.Next = nextCommand(s)
	return s, nil
}

// holding is a ledger that several machines share, and that says who has it.
type holding interface {
	Holding(ctx context.Context) (migrate.Holding, error)
}

func left(c reports.ChannelStatus) int64 { return c.Messages.Total - c.Messages.Done }

// lastRun is the run that began last, nil where none did.
func lastRun(ctx context.Context, l migrate.LedgerReader, now time.Time) (*reports.Run, error) {
	rec, ok, err := l.LastRun(ctx)
	if err != nil || !ok {
		return nil, err
	}
	r := &reports.Run{Status: rec.Status, PID: rec.PID, Host: rec.Host, StartedAt: rec.StartedAt, SeenAt: rec.HeartbeatAt}
	if !rec.EndedAt.IsZero() {
		r.EndedAt = &rec.EndedAt
	} else if r.Alive, err = alive(ctx, l, rec, now); err != nil {
		return nil, err
	}
	r.Command = reports.MigrateRun
	if rec.Status == migrate.UndoneStatus {
		r.Command = reports.UndoRun
		var done undo.Undone
		if err := json.Unmarshal([]byte(cmp.Or(string(rec.Summary), "{}")), &done); err != nil {
			return nil, fmt.Errorf("read what the last undo came to: %w", err)
		}
		r.Outcome = done.Status
	}
	if len(rec.Progress) == 0 {
		return r, nil
	}
	var p replay.Progress
	if err := json.Unmarshal(rec.Progress, &p); err != nil {
		return nil, fmt.Errorf("read progress of the last run: %w", err)
	}
	r.Command = cmp.Or(p.Command, r.Command)
	r.Done, r.Lanes, r.Requests = p.Done, p.Lanes, p.Traffic
	for _, c := range p.Counts {
		r.Written += c.Written
	}
	for _, n := range p.Totals {
		r.Total += n
	}
	measure(r, p)
	return r, nil
}

// alive reports whether a run that did not end is at work. If several machines share the
// ledger, its process has the lease: the clock of that machine may be wrong.
func alive(ctx context.Context, l migrate.LedgerReader, rec migrate.RunRecord, now time.Time) (bool, error) {
	h, ok := l.(holding)
	if !ok {
		return now.Sub(rec.HeartbeatAt) < silence, nil
	}
	held, err := h.Holding(ctx)
	return held.State == migrate.LeaseHeld && held.PID == rec.PID && held.Host == rec.Host, err
}

// measure fills in what a run said about its last minute, and about the rest.
func measure(r *reports.Run, p replay.Progress) {
	lately := p.Recent
	if lately.Seconds > 0 {
		r.Rate = float64(lately.Done) / lately.Seconds
	}
	if lately.Requests > 0 {
		r.ThrottledShare = float64(lately.Throttled) / float64(lately.Requests)
	}
	if r.Alive {
		r.SecondsLeft, r.Waits = p.SecondsLeft, p.Waits
	}
}

// readFailures are what was not carried, the latest first.
func readFailures(ctx context.Context, l migrate.LedgerReader) ([]reports.StatusFailure, error) {
	var all []reports.StatusFailure
	for f, err := range l.Failures(ctx) {
		if err != nil {
			return nil, err
		}
		var c migrate.ChannelRecord
		if f.Kind == migrate.KindChannels {
			if c, _, err = l.Channel(ctx, f.SourceSID); err != nil {
				return nil, err
			}
		}
		all = append(all, reports.StatusFailure{
			FailureLine: migrate.FailureLine{Kind: f.Kind, SourceSID: f.SourceSID, TargetSID: f.TargetSID, Name: c.FriendlyName, Reason: f.Reason, Hint: f.Hint},
			At:          f.At,
		})
	}
	slices.SortStableFunc(all, func(a, b reports.StatusFailure) int { return b.At.Compare(a.At) })
	return all, nil
}

// serviceStatus is how far a service is, and its channels that are begun and
// not done.
func serviceStatus(ctx context.Context, l migrate.LedgerReader, rec migrate.ServiceRecord, stopped map[string]bool) (reports.ServiceStatus, []reports.ChannelStatus, error) {
	one := reports.ServiceStatus{
		SourceSID: rec.SourceSID, TargetSID: rec.TargetSID, FriendlyName: rec.FriendlyName, Stage: rec.Stage.String(),
		Stages: map[string]int64{},
	}
	var underWay []reports.ChannelStatus
	a, err := migrate.ReadAccount(ctx, l, rec.SourceSID, stopped, func(c migrate.ChannelRecord, messages migrate.KindCount) {
		one.Stages[c.Stage.String()]++
		if c.Stage != migrate.Done && c.Stage != migrate.Planned {
			underWay = append(underWay, reports.ChannelStatus{
				SourceSID: c.SourceSID, TargetSID: c.TargetSID, FriendlyName: c.FriendlyName, Stage: c.Stage.String(), Messages: partOf(messages),
			})
		}
	})
	one.Channels, one.Messages = partOf(a.Channels), partOf(a.Messages)
	one.Counts = map[string]migrate.KindCount{
		migrate.KindChannels: a.Channels, migrate.KindMembers: a.Members, migrate.KindMessages: a.Messages,
	}
	return one, underWay, err
}

func partOf(c migrate.KindCount) reports.Part {
	return reports.Part{Done: c.Target(), Total: c.Source}
}

func nextCommand(s reports.Status) string {
	switch {
	case s.GoesOn():
		return "chatbridge status --watch"
	case s.Run == nil:
	case s.Run.Command == reports.UndoRun && len(s.Services) > 0:
		return "chatbridge undo"
	case s.Run.Status == migrate.Complete && s.InPlace:
		return "chatbridge report"
	case s.Run.Status == migrate.Complete:
		return "chatbridge verify"
	}
	return "chatbridge migrate"
}
