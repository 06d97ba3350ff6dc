package migrate

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

// run is the state of one Migration.Run.
type run struct {
	*Migration
	set      Settings
	tally    *tally
	findings *findings
	timeline *timeline
	recent   recent
	sheet    *timesheet
	lanes    chan struct{} // a slot for each lane at work
	breaker  *breaker
	reserved *reservations
	record   RunRecord
	started  time.Time

	settledAt time.Time // nothing that an earlier run left in flight lands after it
	crashed   bool      // the run before this one did not end by itself

	mu       sync.Mutex
	services []SummaryService
	failures []FailureLine
	beat     func() // stops the heartbeat and waits for it
}

func newRun(m *Migration) *run {
	own := *m
	set := own.Settings.withDefaults()
	r := &run{
		Migration: &own,
		set:       set,
		tally:     newTally(m.Observer),
		findings:  newFindings(),
		timeline:  &timeline{},
		sheet:     newTimesheet(),
		lanes:     make(chan struct{}, set.Concurrency),
		breaker:   newBreaker(set.Concurrency),
		reserved:  newReservations(),
		started:   time.Now(),
		beat:      func() {},
	}
	if own.Sidecar != nil {
		r.findings.keep = own.Sidecar.keep
	}
	if own.Traffic == nil {
		own.Traffic = func() Traffic { return Traffic{} }
	}
	return r
}

// open notes in the ledger that a run began, and finds out how the last one
// ended.
func (r *run) open(ctx context.Context) error {
	last, ok, err := r.Ledger.LastRun(ctx)
	if err != nil {
		return err
	}
	r.crashed = ok && last.Status != Complete
	r.settledAt = SettledAt(last, r.started, r.set.Settle)
	host, _ := os.Hostname()
	r.record = RunRecord{
		ID: rand.Text(), PID: os.Getpid(), Host: host,
		StartedAt: r.started, HeartbeatAt: r.started, Status: RunningStatus,
	}
	if err := r.Ledger.PutRun(ctx, r.record); err != nil {
		return err
	}
	r.beat = r.heartbeat(ctx)
	return nil
}

// close notes in the ledger how the run ended. It does so also when the context
// is done, because that is one of the ways in which runs end.
func (r *run) close(ctx context.Context, s Summary) error {
	r.beat()
	ctx = context.WithoutCancel(ctx)
	raw, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("encode summary: %w", err)
	}
	r.record.HeartbeatAt, r.record.EndedAt = time.Now(), time.Now()
	r.record.Status, r.record.Progress, r.record.Summary = s.Status, r.progress(), raw
	if err := r.Ledger.Sync(ctx); err != nil {
		return err
	}
	return r.Ledger.PutRun(ctx, r.record)
}

// whole does the run: every service up to its lanes, one after the other, so
// that a service whose creation was not confirmed can be told from its
// neighbours; then all of them beside each other.
func (r *run) whole(ctx context.Context) error {
	if err := r.guardTimers(ctx); err != nil {
		return err
	}
	selected, err := ReadServices(ctx, r.Source, r.set.Services)
	if err != nil {
		return err
	}
	for c, err := range unlessWithheld(r.Source.Credentials(ctx), func() { r.findings.add(r.set.Mapper.NotShown(KindCredentials, "", "")) }) {
		if err != nil {
			return err
		}
		r.tally.expect(KindCredentials, 1)
		r.tally.seen(KindCredentials, 1)
		r.tally.skipped(KindCredentials, 1)
		r.findings.add(r.set.Mapper.Credential(c))
	}
	r.tally.expect(KindServices, int64(len(selected)))
	works := make([]*service, 0, len(selected))
	for _, s := range selected {
		w, err := r.openService(ctx, s)
		if err != nil {
			return err
		}
		works = append(works, w)
	}
	err = r.prepare(ctx, works)
	if err == nil {
		err = r.runLanes(ctx, works)
	}
	if err == nil {
		err = r.finishShared(ctx, works)
	}
	if err != nil && (ctx.Err() != nil || errors.Is(err, errDrained)) {
		return r.interrupted(err)
	}
	return cmp.Or(err, r.breaker.verdict())
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
	return &Error{
		Op: "check account", Kind: Usage,
		Err:  fmt.Errorf("the target account has default timers (inactive %q, closed %q) that would close migrated conversations for good", t.Inactive, t.Closed),
		Hint: "clear the default timers in the Twilio Console (Conversations, Defaults), then run again",
	}
}

func (r *run) interrupted(err error) error {
	return &Error{Op: "migrate", Kind: Interrupted, Err: err, Hint: "run the same command again to resume"}
}

func (r *run) event(level Level, message string, fields ...any) {
	r.Observer.Event(Event{Level: level, Message: message, Fields: fields})
}

// errDrained ends lanes after the write that was in flight.
var errDrained = errors.New("stopped on request")

// quietly keeps a lane that was drained from ending its group, which would cut
// off what its neighbours have in flight. Whoever waits for the group asks
// proceed afterwards.
func quietly(err error) error {
	if errors.Is(err, errDrained) {
		return nil
	}
	return err
}

// proceed is asked before each write: it says no when the run is to end, and
// when an original could not be kept that the write would lose.
func (r *run) proceed(ctx context.Context) error {
	if err := r.findings.err(); err != nil {
		return err
	}
	select {
	case <-r.Drain:
		return errDrained
	case <-ctx.Done():
		return context.Cause(ctx)
	default:
		return nil
	}
}

// wait lets time pass, unless the run is to end.
func (r *run) wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return r.proceed(ctx)
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-r.Drain:
		return errDrained
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
