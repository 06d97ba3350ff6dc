// Package runrecord has a ledger know of a run: that it began, that it lives, and how it
// ended. Status and report read that from another process. Whoever comes next learns from
// it when nothing can land any more of a run that was killed. A claim names the ledger by
// its first run, so a run is recorded before it claims anything.
//
// Who the last run was, a verb asks before it begins its own: afterwards it is the last.
package runrecord

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"time"

	"chatbridge/migrate"
)

// Options are what a run is recorded with.
type Options struct {
	Ledger migrate.Ledger
	Began  time.Time
	// Settle is what the run gives a write without an answer, or the run before it if
	// that was longer.
	Settle time.Duration
	// Progress is how far the run is, as JSON. It is asked at the beginning, at
	// each heartbeat and at the end.
	Progress func() []byte
	// Sample is called before each heartbeat; may be nil.
	Sample func(now time.Time)
	// Failed is told, once, that the ledger did not take a heartbeat: the run must end,
	// because what waits, or reads a long list, would not notice for long.
	Failed func(error)
}

// Run is a run that the ledger knows of.
type Run struct {
	Options
	record migrate.RunRecord
	stop   func()
}

// Begin records a run as running, and every [migrate.HeartbeatEvery] that it lives, until
// End.
func Begin(ctx context.Context, o Options) (*Run, error) {
	host, _ := os.Hostname()
	r := &Run{Options: o, record: migrate.RunRecord{
		ID: rand.Text(), PID: os.Getpid(), Host: host,
		StartedAt: o.Began, HeartbeatAt: time.Now(), Status: migrate.RunningStatus, Settle: o.Settle,
		Progress: o.Progress(),
	}}
	if err := o.Ledger.PutRun(ctx, r.record); err != nil {
		return nil, err
	}
	r.beat(ctx)
	return r, nil
}

// beat says that the run lives until it is stopped, which waits for what is being said.
func (r *Run) beat(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	var done sync.WaitGroup
	done.Go(func() {
		tick := time.NewTicker(migrate.HeartbeatEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case now := <-tick.C:
				if r.Sample != nil {
					r.Sample(now)
				}
				rec := r.record
				rec.HeartbeatAt, rec.Progress = now, r.Progress()
				if err := r.Ledger.PutRun(ctx, rec); err != nil {
					if ctx.Err() == nil {
						r.Failed(err)
					}
					return
				}
			}
		}
	})
	r.stop = func() {
		cancel()
		done.Wait()
	}
}

// End records how the run ended, when all else that it put would survive a crash. It does
// so also when the context is done, because that is one of the ways in which runs end.
// summary is what the run prints as JSON. unanswered is when a write last had no answer;
// zero if nobody knows.
func (r *Run) End(ctx context.Context, status string, unanswered time.Time, summary any) error {
	r.stop()
	ctx = context.WithoutCancel(ctx)
	raw, err := json.Marshal(summary)
	if err != nil {
		return fmt.Errorf("encode summary: %w", err)
	}
	now := time.Now()
	r.record.HeartbeatAt, r.record.EndedAt, r.record.Status = now, now, status
	r.record.Unanswered, r.record.Progress, r.record.Summary = unanswered, r.Progress(), raw
	if err := r.Ledger.Sync(ctx); err != nil {
		return err
	}
	return r.Ledger.PutRun(ctx, r.record)
}
