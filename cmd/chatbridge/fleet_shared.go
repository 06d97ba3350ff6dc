package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"chatbridge/migrate"
	"chatbridge/migrate/queue"
	"chatbridge/migrate/replay"
	"chatbridge/reports"
)

// shared is a fleet whose ledgers are in one database, which workers on any number of
// machines work on.
type shared struct {
	*fleet
	queue *queue.Queue

	mu     sync.Mutex
	worked map[string]*turn // what this process worked on to its end, by name
	seen   []queue.State    // when all was over; empty until then
}

// queued is what the queue has to say.
type queued struct{ tell func(migrate.Event) }

func (queued) Total(string, int64)     {}
func (queued) Done(string, int64)      {}
func (q queued) Event(e migrate.Event) { q.tell(e) }

// share opens the queue of the database. Close it.
func (f *fleet) share(ctx context.Context) (*shared, func(), error) {
	log := f.common.logger(f.console, f.console.err)
	q, closed, err := openQueue(ctx, f.database(), f.names(), queued{func(e migrate.Event) { logEvent(log, e) }})
	if err != nil {
		return nil, nil, err
	}
	return &shared{fleet: f, queue: q, worked: map[string]*turn{}}, closed, nil
}

// names are those of the accounts that can be worked for.
func (f *fleet) names() (names []string) {
	for _, t := range f.turns {
		if !t.done && t.barred == "" && t.problem == nil {
			names = append(names, t.name)
		}
	}
	return names
}

func (f *fleet) turnNamed(name string) *turn {
	return f.turns[slices.IndexFunc(f.turns, func(t *turn) bool { return t.name == name })]
}

// runShared asks workers for a pass of each account, works among them, and waits for
// all. If it is told to stop, they go on.
func (f *fleet) runShared(ctx context.Context) error {
	if err := f.folders(); err != nil {
		return err
	}
	measured, err := f.measured()
	if err != nil {
		return err
	}
	defer measured.Close()
	for _, t := range f.turns {
		if !t.done && (t.barred != "" || t.problem != nil) {
			f.end(t, t.problem)
		}
	}
	ctx, uncut := f.relay.cut(ctx)
	defer uncut()
	f.each(ctx, func(ctx context.Context, _ int, t *turn) {
		if err := t.errand.bind(ctx, t.sid, t.targetSID); err != nil {
			f.end(t, err)
		}
	})
	if f.relay.stopped() { // none was asked for yet
		for _, t := range f.turns {
			if !t.done {
				f.end(t, &migrate.Error{Op: "run", Kind: migrate.Interrupted, Err: errors.New("interrupted"), Hint: "run the same command again"})
			}
		}
		return nil
	}
	names := f.names()
	if len(names) == 0 {
		return nil
	}
	s, closed, err := f.share(ctx)
	if err != nil {
		return err
	}
	defer closed()
	return alongside(ctx, s.queue, queue.Work{Migrations: names, AtOnce: f.AtOnce, Run: s.run}, f.relay, s.watched(names))
}

// watched looks how far the workers are.
func (s *shared) watched(names []string) *watch {
	return &watch{
		console: s.console, quiet: s.common.Quiet,
		look: func(ctx context.Context) (string, bool, error) {
			all, err := s.queue.List(ctx)
			if err != nil {
				return "", false, err
			}
			line, over := how(all, names)
			if over {
				s.seen = all
			}
			return line, over, nil
		},
		forget: s.forget, collect: s.collect,
	}
}

func (s *shared) forget(names []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = nil
	for _, name := range names {
		delete(s.worked, name)
	}
}

// how says how far the accounts are. Nobody waits for one that is no longer in the
// ledger.
func how(all []queue.State, names []string) (line string, over bool) {
	counts, there := map[string]int{}, 0
	for _, one := range all {
		if slices.Contains(names, one.Migration) {
			counts[one.Stage]++
			there++
		}
	}
	done := counts[queue.StageDone] + counts[queue.StageFailed]
	return fmt.Sprintf("%d of %s worked for, %d at work, %d waiting", done, plural(len(names), "account", "accounts"), counts[queue.StageWorking], counts[queue.StageWaiting]), done == there
}

// run works for one account: the very command, with what the queue makes of how it
// ended.
func (s *shared) run(ctx context.Context, name string, _ <-chan struct{}) queue.Result {
	is := s.turnNamed(name)
	t, err := s.turnOf(ctx, is.account, s.relay)
	if err != nil {
		return queue.Result{Outcome: queue.Failed, Reason: err.Error()}
	}
	t.console.of.metrics = is.console.of.metrics
	own, waits := migrate.WithWaits(ctx)
	t.console.waits = waits
	files, err := s.results(t)
	if err == nil {
		t.files, t.console.of.sinks = files, files.sinks()
		err = t.errand.run(own)
		err = errors.Join(err, files.Close(t.console.of.told))
	}
	r := came(ctx, s.relay, err)
	if r.Outcome == queue.Done || r.Outcome == queue.Failed {
		t.err = err
		s.mu.Lock()
		s.worked[name] = t
		s.mu.Unlock()
		if err != nil { // what becomes of the rest the queue says
			complain(t.console.err, false, t.console.stderr().json, t.console.next, err)
		}
	}
	return r
}

// came is what the queue makes of how a run ended.
func came(ctx context.Context, relayed *relay, err error) queue.Result {
	if errors.Is(context.Cause(ctx), queue.ErrReaped) {
		return queue.Result{Outcome: queue.Lost}
	}
	r := queue.Result{Outcome: queue.Failed}
	if err != nil {
		r.Reason = err.Error()
	}
	switch statusOf(err) {
	case exitDone, exitIncomplete:
		r.Outcome = queue.Done
	case exitInterrupted:
		// If nobody told it to stop, its time was up: it would be handed over to itself.
		if relayed.stopped() {
			r.Outcome = queue.HandOver
		}
	case exitLedger:
		switch {
		case errors.Is(err, migrate.ErrInUse):
			r.Outcome = queue.Held
		case failedTo(err, "keep ledger", "hold lease", "hold claim"):
			r.Outcome = queue.Lost
		}
	case exitService:
		switch {
		// A database that has no connection left, or is starting, is a matter of moments.
		case failedTo(err, "open ledger"):
			r.Outcome = queue.Held
		// One that was away for longer than a run waits does not keep an account from
		// being worked for when it is back.
		case failedTo(err, "reach ledger", "hold lease"):
			r.Outcome = queue.Lost
		}
	}
	return r
}

// failedTo reports whether err is, or comes of, an error of one of these operations.
func failedTo(err error, ops ...string) bool {
	switch e := err.(type) {
	case *migrate.Error:
		return slices.Contains(ops, e.Op) || failedTo(e.Err, ops...)
	case interface{ Unwrap() []error }:
		return slices.ContainsFunc(e.Unwrap(), func(one error) bool { return failedTo(one, ops...) })
	case interface{ Unwrap() error }:
		return failedTo(e.Unwrap(), ops...)
	}
	return false
}

// collect finds out how each account stands, whoever worked for it. What this process
// has of an account is no result if another worker ended its pass: the queue did not
// keep it.
func (s *shared) collect(ctx context.Context) (open bool, err error) {
	all := s.seen
	if all == nil { // told to stop before all was over
		if all, err = s.queue.List(ctx); err != nil && !s.relay.stopped() {
			return false, err
		}
	}
	known := err == nil
	for _, t := range s.turns {
		if t.done {
			continue
		}
		i := slices.IndexFunc(all, func(one queue.State) bool { return one.Migration == t.name })
		var at queue.State
		if i >= 0 {
			at = all[i]
		}
		own := s.worked[t.name]
		switch {
		case own != nil && !(over(at) && at.Worker != s.queue.Worker()):
			t.files, t.console = own.files, own.console
			t.done, t.err = true, own.err
			t.shown = s.shown(t)
		case at.Stage == queue.StageDone:
			again, err := s.read(ctx, t)
			if again {
				open = true
				continue
			}
			s.end(t, err)
		case at.Stage == queue.StageFailed:
			s.end(t, &migrate.Error{Op: "work for account", Kind: migrate.Failed, Err: reasonOf(at), Hint: "mend that, then run the same command again"})
		case known && i < 0:
			s.end(t, errUnlisted(t.name))
		default:
			s.end(t, &migrate.Error{Op: "run", Kind: migrate.Interrupted, Err: errors.New("interrupted; the workers go on"), Hint: "run the same command again to join them"})
		}
	}
	if open {
		s.forget(nil)
	}
	return open, nil
}

// read takes the result of an account that another worker worked for from its ledger,
// which keeps it until the next run begins. Somebody may have asked for that since.
func (s *shared) read(ctx context.Context, t *turn) (open bool, err error) {
	if _, err := s.agrees(ctx, t); err != nil {
		return s.opened(ctx, t, err)
	}
	report, err := s.turnAs(ctx, t.account, s.relay, "report")
	if err != nil {
		return false, err
	}
	files, err := s.results(t)
	if err != nil {
		return false, err
	}
	report.console.of.sinks = files.sinks()
	err = report.errand.run(ctx)
	t.files, t.elsewhere = files, true
	if err := errors.Join(err, files.Close(report.console.of.told)); err != nil {
		return false, err
	}
	summary, err := s.agrees(ctx, t) // or what was read is of a run that began since
	if err != nil {
		return s.opened(ctx, t, err)
	}
	return false, carried(summary)
}

// opened reports whether the result of a worker is not in the ledger, as err says,
// because its pass is open again.
func (s *shared) opened(ctx context.Context, t *turn, err error) (bool, error) {
	if !failedTo(err, readLastRun) {
		return false, err
	}
	now, gone := s.queue.List(ctx, t.name)
	return gone == nil && len(now) == 1 && !over(now[0]), err
}

// agrees is the result of a worker. It refuses what one with other settings did, and a
// ledger without a result.
func (s *shared) agrees(ctx context.Context, t *turn) (summary replay.Summary, err error) {
	ledger, err := readLedger(ctx, s.ledger(t.account))
	if err != nil {
		return summary, err
	}
	defer ledger.Close()
	last, ok, err := ledger.LastRun(ctx)
	if err != nil {
		return summary, err
	}
	if summary, err = resultOf(last, ok); err != nil {
		return summary, err
	}
	bound, err := ledger.Fingerprint(ctx)
	if err != nil || len(bound) == 0 {
		return summary, err
	}
	return summary, t.errand.alike(bound, t.sid, t.targetSID)
}

// serve works for the accounts whenever somebody asks for a pass of one, until it is
// told to stop.
func (f *fleet) serve(ctx context.Context) error {
	measured, err := f.measured()
	if err != nil {
		return err
	}
	defer measured.Close()
	for _, t := range f.turns {
		if t.barred != "" || t.problem != nil {
			f.end(t, t.problem)
			fmt.Fprintf(f.console.err, "%s is left alone: %s\n", reports.Plain(t.called()), reports.Plain(t.reason()))
		}
	}
	names := f.names()
	if len(names) == 0 {
		return &migrate.Error{Op: "work", Kind: migrate.Credentials, Err: errors.New("no account can be opened"), Hint: "see what is said about each above"}
	}
	s, closed, err := f.share(ctx)
	if err != nil {
		return err
	}
	defer closed()
	if !f.common.Quiet {
		fmt.Fprintf(f.console.err, "Waiting for work on %s. To ask for it: chatbridge migrate with the same settings\n", plural(len(names), "account", "accounts"))
	}
	ctx, uncut := f.relay.cut(ctx)
	defer uncut()
	err = s.queue.Work(ctx, queue.Work{Migrations: names, AtOnce: f.AtOnce, Run: s.run, Drain: f.relay.first})
	if f.relay.stopped() {
		return nil // what it had is handed over, or taken from it
	}
	return err
}
