package drain

import (
	"context"
	"time"

	"chatbridge/migrate"
)

// SettledAt is when nothing that the last run left in flight can land any more,
// seen from now: settle after the last sign of life of a run that did not end by
// itself, or what that run gave its writes if that is longer. It is now after a run
// that was complete, and never later than that time from now, so that a clock that
// was set back makes nobody wait for longer.
//
// A zero record stands for a ledger without a run. It may take the place of one
// that was lost a moment ago, so that nobody knows when anything was sent.
//
// A partial run did not end by itself: a channel that was stopped may have had a
// request in flight.
func SettledAt(last migrate.RunRecord, now time.Time, settle time.Duration) time.Time {
	if last.Status == migrate.Complete {
		return now
	}
	settle = last.SettleAfter(settle)
	seen := last.EndedAt
	if seen.IsZero() && !last.HeartbeatAt.IsZero() {
		seen = last.HeartbeatAt.Add(migrate.HeartbeatEvery)
	}
	if seen.IsZero() {
		return now.Add(settle)
	}
	return within(seen, now, settle)
}

// AnsweredAt is SettledAt for whoever waits for each doubt by itself: if the last run
// knows when a write last had no answer, nothing else of it can land later than settle
// after that.
func AnsweredAt(last migrate.RunRecord, now time.Time, settle time.Duration) time.Time {
	if last.Status == migrate.Complete || last.EndedAt.IsZero() || last.Unanswered.IsZero() {
		return SettledAt(last, now, settle)
	}
	return within(last.Unanswered, now, last.SettleAfter(settle))
}

// within is settle after something, but not before now, and no longer from now than
// that.
func within(at, now time.Time, settle time.Duration) time.Time {
	switch latest := now.Add(settle); {
	case at.Add(settle).After(latest):
		return latest
	case at.Add(settle).Before(now):
		return now
	default:
		return at.Add(settle)
	}
}

// LastRun is the last run of a ledger, with the time of its last sign of life by the
// clock of this process if the ledger was written elsewhere. Whoever let a lease
// expire did not end in good order, whatever it noted.
func LastRun(ctx context.Context, l migrate.LedgerReader) (migrate.RunRecord, bool, error) {
	last, ok, err := l.LastRun(ctx)
	leased, shared := l.(migrate.Leased)
	if err != nil || !shared {
		return last, ok, err
	}
	before := leased.Lease().Before()
	if before.At.IsZero() {
		return last, ok, nil
	}
	last.Unanswered = elsewhere(last, before)
	last.EndedAt = before.At
	if before.Expired && last.Status == migrate.Complete {
		last.Status = migrate.RunningStatus
	}
	return last, ok, nil
}

// elsewhere is when a write had no answer, by our clock: the one that noted it tells how
// long that was before the run ended.
func elsewhere(last migrate.RunRecord, before migrate.Handover) time.Time {
	if before.Expired || last.Unanswered.IsZero() || last.EndedAt.IsZero() {
		return time.Time{}
	}
	return before.At.Add(-max(0, last.EndedAt.Sub(last.Unanswered)))
}

// Settling is a command that must not touch the target, nor believe what is in
// it, before it has settled.
type Settling struct {
	Ledger   migrate.LedgerReader // nil where there is none
	Settle   time.Duration
	Observer migrate.Observer
	Drain    Signal
}

func (s Settling) Wait(ctx context.Context) error {
	var last migrate.RunRecord
	if s.Ledger != nil {
		var err error
		if last, _, err = LastRun(ctx, s.Ledger); err != nil {
			return err
		}
	}
	return Until(ctx, SettledAt(last, time.Now(), s.Settle), s.Observer, s.Drain)
}

// Until waits until nothing can land any more that a run before left in flight.
func Until(ctx context.Context, settled time.Time, o migrate.Observer, s Signal) error {
	left := time.Until(settled)
	if left <= 0 {
		return nil
	}
	migrate.Observed(o).Event(migrate.Event{Level: migrate.Detail, Message: "waiting for writes that an earlier run left in flight", Fields: []any{migrate.KeyWait, left}})
	return s.Wait(ctx, left)
}
