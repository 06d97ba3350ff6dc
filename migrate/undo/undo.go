package undo

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"chatbridge/migrate"
	"chatbridge/migrate/internal/claim"
	"chatbridge/migrate/internal/count"
	"chatbridge/migrate/internal/drain"
	"chatbridge/migrate/internal/runrecord"
)

// Undoer deletes from the target what a ledger says that its migration made,
// and what nobody has changed since: conversations, then users, roles and
// services. It never touches the source, nor what was in the target before, nor
// what was adopted in a service that the ledger did not make.
//
// A conversation goes when it was created by this ledger or in its service, bears the
// stamp of its channel, has exactly the messages and participants that the ledger knows,
// and bears the date that the migration left on it. A user goes when they are in no
// other conversation and are as the migration left them; a role when nothing uses
// it and it is as it was left; a service when nothing is in it that the ledger does
// not know. A service that a create without an answer may have made once more is named,
// and stays; a conversation likewise, unless it is empty and in a service of the ledger's
// own. What a policy replaced gets back what it was, unless somebody changed it since.
// Whole conversations are deleted, which tells nobody's phone; no participant is ever
// removed by itself.
//
// The ledger knows of a thing that it is about to go, and forgets it after it is gone. So
// an undo that was stopped at any moment goes on when it is run again, and a later
// migration starts anew, or looks first whether a thing is there.
type Undoer struct {
	Target   migrate.TargetReader
	Write    migrate.Target // the target again, with its verbs; needed to execute
	Ledger   migrate.LedgerReader
	Record   migrate.Ledger   // the ledger again; needed to execute
	Observer migrate.Observer // may be nil
	Settings migrate.Settings // Services, Concurrency and Settle count

	// Execute deletes. Without it what would be deleted is only listed, and
	// nothing is written anywhere.
	Execute bool

	// Drain, when closed, ends the run after what is in flight.
	Drain <-chan struct{}
}

// Run undoes what the settings select. It calls report once for each thing, one
// at a time. Something that cannot be deleted is reported and stays; an error is
// returned only for what ends the run.
func (u *Undoer) Run(ctx context.Context, report func(Removal)) (Undone, error) {
	own := *u
	own.Target = migrate.WithoutClaim(u.Target)
	r := &undo{Undoer: &own, set: u.Settings.WithDefaults(), started: time.Now(), sink: report, counts: map[string]Count{}, tally: count.NewCounters(u.Observer)}
	err := r.whole(ctx)
	done := Undone{
		SchemaVersion: migrate.SchemaVersion, Command: command, Executed: u.Execute,
		Counts: r.counts, Duration: time.Since(r.started).Seconds(),
	}
	done.Status = done.ended(err)
	if failed := r.end(ctx, done, err); err == nil {
		err = failed
	}
	return done, err
}

// undo is the state of one Undoer.Run.
type undo struct {
	*Undoer
	set      migrate.Settings
	tally    *count.Counters
	started  time.Time
	channels int64 // that had arrived

	claims *claim.Claims // nil for what only lists
	cut    func(error)   // ends the undo

	noting sync.Mutex
	record *runrecord.Run // nil until something is to be written

	mu     sync.Mutex
	sink   func(Removal)
	counts map[string]Count
	failed error // why it was cut, by ourselves

	unanswered drain.Unanswered // of the writes of this run, and of those before it
}

func (u *undo) whole(ctx context.Context) error {
	all, err := u.Ledger.Services(ctx)
	if err != nil {
		return err
	}
	selected, err := selectRecords(all, u.set.Services)
	if err != nil {
		return err
	}
	selected = slices.DeleteFunc(slices.Clone(selected), func(rec migrate.ServiceRecord) bool { return rec.TargetSID == "" })
	last, _, err := drain.LastRun(ctx, u.Ledger)
	if err != nil {
		return err
	}
	u.set.Settle = last.SettleAfter(u.set.Settle)
	u.unanswered.Since(drain.AnsweredAt(last, u.started, u.set.Settle).Add(-u.set.Settle))
	if u.Execute {
		if err := u.count(ctx, selected); err != nil {
			return err
		}
	}
	held, release := u.hold(ctx)
	err = u.settled(held, len(selected) > 0)
	for i := 0; err == nil && i < len(selected); i++ {
		s := &undoneService{undo: u, record: selected[i], going: map[string]bool{}, leaving: map[string]bool{}, back: map[string]bool{}}
		err = s.run(held)
	}
	if lost := release(); lost != nil {
		return lost
	}
	err = u.why(err)
	if err != nil && (ctx.Err() != nil || drain.Signal(u.Drain).Given()) {
		return &migrate.Error{Op: "undo", Kind: migrate.Interrupted, Err: err, Hint: "run the same command again to go on"}
	}
	return err
}

// hold has every write go through claims on the services. The returned function
// lets go of them, and says why one was lost.
func (u *undo) hold(ctx context.Context) (_ context.Context, release func() error) {
	if !u.Execute {
		return ctx, func() error { return nil }
	}
	ctx, u.cut = context.WithCancelCause(ctx)
	u.claims = claim.New(claim.Options{
		Target: u.Write, Ledger: u.Ledger, Verb: command, Settle: u.set.Settle, Observer: u.tally.Observer, Drain: u.Drain, Lost: u.cut, Unanswered: u.unanswered.Now,
	})
	u.Write = u.claims.Guard()
	return ctx, func() error {
		denied := u.claims.Release(ctx)
		u.cut(nil)
		return cmp.Or(u.claims.Err(), denied)
	}
}

// settled waits until nothing can land any more in what is deleted, or seems to
// be gone. What only lists does not wait.
func (u *undo) settled(ctx context.Context, something bool) error {
	if !u.Execute || !something {
		return nil
	}
	return drain.Settling{Ledger: u.Ledger, Settle: u.set.Settle, Observer: u.tally.Observer, Drain: drain.Signal(u.Drain)}.Wait(ctx)
}

func selectRecords(all []migrate.ServiceRecord, sids []string) ([]migrate.ServiceRecord, error) {
	selected, missing := migrate.Select(all, sids, func(r migrate.ServiceRecord) string { return r.SourceSID })
	if missing != "" {
		return nil, &migrate.Error{Op: "select service", Kind: migrate.NotFound, SID: missing, Err: errNotInLedger, Hint: "to list its services: chatbridge sids --kind services"}
	}
	return selected, nil
}

// looking is asked before what is deleted, or given back, is looked at. Nothing pauses
// in the context that it returns.
func (u *undo) looking(ctx context.Context) (context.Context, error) {
	if !u.Execute {
		return ctx, nil
	}
	return drain.Signal(u.Drain).Begin(ctx)
}

// proceed is asked before each write.
func (u *undo) proceed(ctx context.Context) error {
	if err := drain.Signal(u.Drain).Proceed(ctx); err != nil {
		return err
	}
	return u.begin(ctx)
}

func (u *undo) report(r Removal) {
	u.mu.Lock()
	c := u.counts[r.Kind]
	switch r.Fate {
	case Keep:
		c.Keep++
	case Gone:
		c.Gone++
	case Restore:
		c.Restore++
	default:
		c.Delete++
	}
	if r.Done {
		c.Done++
	}
	u.counts[r.Kind] = c
	u.sink(r)
	u.mu.Unlock()
	u.tally.Observer.Done(r.Kind, 1)
}

// act carries a fate out, and has the ledger forget what it is about when that is
// done. It reports whether it is, or would be.
func (u *undo) act(ctx context.Context, r Removal, do, forget func() error) (bool, error) {
	if !u.Execute {
		u.report(r)
		return true, nil
	}
	if r.Fate == Delete || r.Fate == Restore {
		if err := u.proceed(ctx); err != nil {
			return false, err
		}
		if err := do(); err != nil {
			if endsUndo(ctx, err) {
				return false, err
			}
			r.Fate, r.Reason = Keep, err.Error()
			u.report(r)
			return false, nil
		}
		r.Done = true
	}
	if err := forget(); err != nil {
		return false, migrate.Fatal(err)
	}
	u.report(r)
	return true, nil
}

// endsUndo tells an error that every other request would have, too.
func endsUndo(ctx context.Context, err error) bool {
	switch migrate.KindOf(err) {
	case migrate.Credentials, migrate.Throttled, migrate.Unavailable, migrate.Interrupted:
		return true
	}
	return migrate.EndsRun(ctx, err)
}
