package replay

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"chatbridge/migrate"
	"chatbridge/migrate/internal/claim"
	"chatbridge/migrate/internal/count"
	"chatbridge/migrate/internal/drain"
	"chatbridge/migrate/internal/files"
	"chatbridge/migrate/internal/runrecord"
	"chatbridge/migrate/pace"
)

// run is the state of one Migration.Run.
type run struct {
	*Migration
	set      migrate.Settings
	tally    *count.Counters
	findings *count.Findings
	timeline *pace.Timeline
	recent   pace.Window
	sheet    *pace.Lanes
	waits    *migrate.Waits
	lanes    chan struct{} // a slot for each lane at work
	breaker  *breaker
	reserved *reservations
	files    *files.Copier
	claims   *claim.Claims
	record   *runrecord.Run
	started  time.Time

	settledAt time.Time // nothing that an earlier run left in flight, and that is not in doubt, lands after it
	crashed   bool      // the run before this one did not end by itself

	mu       sync.Mutex
	services []migrate.SummaryService
	failures []migrate.FailureLine
	cut      func(error) // ends the context of the run
	ended    error       // why it was cut, by ourselves

	unanswered drain.Unanswered // of the writes of this run, and of those before it
}

func newRun(m *Migration) *run {
	own := *m
	own.Observer = migrate.Observed(m.Observer)
	set := own.Settings.WithDefaults()
	r := &run{
		Migration: &own,
		set:       set,
		tally:     count.NewCounters(own.Observer),
		findings:  count.NewFindings(),
		timeline:  &pace.Timeline{},
		sheet:     pace.NewLanes(),
		lanes:     make(chan struct{}, set.Concurrency),
		breaker:   newBreaker(set.Concurrency),
		reserved:  newReservations(),
		files:     files.New(func(n int64) { own.Observer.Done(migrate.KindFileBytes, n) }),
		started:   time.Now(),
		cut:       func(error) {},
	}
	r.claims = claim.New(claim.Options{
		Target: own.Target, Ledger: own.Ledger, Verb: "migrate", Settle: set.Settle, Observer: own.Observer, Drain: m.Drain, Lost: r.end, Unanswered: r.unanswered.Now,
	})
	own.Target = r.claims.Guard()
	r.findings.Keep = r.keep
	if own.Traffic == nil {
		own.Traffic = func() migrate.Traffic { return migrate.Traffic{} }
	}
	return r
}

// open notes in the ledger that a run began, and finds out how the last one
// ended.
func (r *run) open(ctx context.Context) error {
	last, ok, err := drain.LastRun(ctx, r.Ledger)
	if err != nil {
		return err
	}
	r.crashed = ok && last.Status != migrate.Complete
	// What the run before it gave its writes holds for this one: some may land that late.
	r.set.Settle = last.SettleAfter(r.set.Settle)
	r.claims.Settle = r.set.Settle
	r.settledAt = drain.AnsweredAt(last, r.started, r.set.Settle)
	r.unanswered.Since(r.settledAt.Add(-r.set.Settle))
	r.record, err = runrecord.Begin(ctx, runrecord.Options{
		Ledger: r.Ledger, Began: r.started, Settle: r.set.Settle, Progress: r.progress, Sample: r.sample, Failed: r.end,
	})
	return err
}

// end ends the run at once, because nothing of it may go on.
func (r *run) end(err error) {
	r.mu.Lock()
	if r.ended == nil {
		r.ended = err
	}
	r.mu.Unlock()
	r.cut(err)
}

// why is the error of a run that ended with err: its own, if it was cut.
func (r *run) why(err error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return cmp.Or(r.ended, err)
}

// close notes in the ledger how the run ended.
func (r *run) close(ctx context.Context, s Summary) error {
	unanswered := r.unanswered.Last()
	if s.Status == migrate.FailedStatus { // who failed may not have noted what is in doubt
		unanswered = time.Time{}
	}
	return r.record.End(ctx, s.Status, unanswered, s)
}

// whole does the run. Being told to stop is no failure, whenever it comes.
func (r *run) whole(ctx context.Context) error {
	err := r.steps(ctx)
	if err != nil && (ctx.Err() != nil || errors.Is(err, migrate.ErrDrained)) {
		return r.interrupted(err)
	}
	return cmp.Or(err, r.breaker.verdict())
}

// steps brings every service up to its lanes, one after the other, so that a
// service whose creation was not confirmed can be told from its neighbours; then
// all of them concurrently.
func (r *run) steps(ctx context.Context) error {
	if err := r.guardTimers(ctx); err != nil {
		return err
	}
	selected, err := migrate.ReadServices(ctx, r.Source, r.set.Services)
	if err != nil {
		return err
	}
	for c, err := range migrate.UnlessWithheld(r.Source.Credentials(ctx), func() { r.findings.Add(r.set.Mapper.NotShown(migrate.KindCredentials, "", "")) }) {
		if err != nil {
			return err
		}
		r.tally.Expect(migrate.KindCredentials, 1)
		r.tally.Seen(migrate.KindCredentials, 1)
		r.tally.Skipped(migrate.KindCredentials, 1)
		r.findings.Add(r.set.Mapper.Credential(c))
	}
	r.tally.Expect(migrate.KindServices, int64(len(selected)))
	works := make([]*service, 0, len(selected))
	defer func() {
		for _, w := range works {
			w.early.stop()
		}
	}()
	for _, s := range selected {
		w, err := r.openService(ctx, s)
		if migrate.CodeOf(err) == migrate.CodeServiceLimit {
			return r.tooMany(ctx, works, err)
		}
		if err != nil {
			return err
		}
		works = append(works, w)
	}
	if err := r.prepare(ctx, works); err != nil {
		return err
	}
	if err := r.runLanes(ctx, works); err != nil {
		return err
	}
	if err := r.finishShared(ctx, works); err != nil {
		return err
	}
	for _, s := range works {
		if err := s.webhooks(ctx); err != nil {
			return err
		}
	}
	return nil
}

// guardTimers refuses to write under default timers: the service would close
// old conversations by itself, and closed is for ever.
func (r *run) guardTimers(ctx context.Context) error {
	t, err := r.Target.Timers(ctx)
	if err != nil {
		return err
	}
	if t.Inactive == "" && t.Closed == "" {
		return nil
	}
	return &migrate.Error{
		Op: "check account", Kind: migrate.Usage,
		Err:  fmt.Errorf("the target account has default timers (inactive %q, closed %q) that would close migrated conversations for good", t.Inactive, t.Closed),
		Hint: "clear the default timers in the Twilio Console (Conversations, Defaults), then run again",
	}
}

func (r *run) interrupted(err error) error {
	return &migrate.Error{Op: "migrate", Kind: migrate.Interrupted, Err: err, Hint: "run the same command again to resume"}
}

func (r *run) event(level migrate.Level, message string, fields ...any) {
	r.Observer.Event(migrate.Event{Level: level, Message: message, Fields: fields})
}

// proceed is asked before each write: it says no when the run is to end, and
// when an original could not be kept that the write would lose.
func (r *run) proceed(ctx context.Context) error {
	return cmp.Or(r.findings.Err(), drain.Signal(r.Drain).Proceed(ctx))
}

// looking is proceed for what looks before it writes.
func (r *run) looking(ctx context.Context) (context.Context, error) {
	if err := r.findings.Err(); err != nil {
		return ctx, err
	}
	return drain.Signal(r.Drain).Begin(ctx)
}

// wait lets time pass, unless the run is to end.
func (r *run) wait(ctx context.Context, d time.Duration) error {
	return drain.Signal(r.Drain).Wait(ctx, d)
}
