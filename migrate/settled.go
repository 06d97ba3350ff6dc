package migrate

import (
	"context"
	"time"
)

// SettledAt is when nothing that the last run left in flight can land any more,
// seen from now: settle after the last sign of life of a run that did not end by
// itself. It is now after a run that was complete, and never later than settle
// from now, so that a clock that was set back makes nobody wait for longer.
//
// A zero record stands for a ledger without a run. It may take the place of one
// that was lost a moment ago, so that nobody knows when anything was sent.
//
// A partial run did not end by itself: a channel that was stopped may have had a
// request in flight.
func SettledAt(last RunRecord, now time.Time, settle time.Duration) time.Time {
	if last.Status == Complete {
		return now
	}
	seen := last.EndedAt
	if seen.IsZero() && !last.HeartbeatAt.IsZero() {
		seen = last.HeartbeatAt.Add(heartbeatEvery)
	}
	latest := now.Add(settle)
	at := seen.Add(settle)
	switch {
	case seen.IsZero() || at.After(latest):
		return latest
	case at.Before(now):
		return now
	default:
		return at
	}
}

// settling is a command that must not touch the target, nor believe what is in
// it, before it has settled.
type settling struct {
	ledger   LedgerReader // nil where there is none
	settle   time.Duration
	observer Observer
	drain    <-chan struct{} // may be nil
}

func (s settling) wait(ctx context.Context) error {
	var last RunRecord
	if s.ledger != nil {
		var err error
		if last, _, err = s.ledger.LastRun(ctx); err != nil {
			return err
		}
	}
	now := time.Now()
	left := SettledAt(last, now, s.settle).Sub(now)
	if left == 0 {
		return nil
	}
	s.observer.Event(Event{Level: Detail, Message: "waiting for what a migration left in flight to land", Fields: []any{KeyWait, left}})
	t := time.NewTimer(left)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-s.drain:
		return errDrained
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
