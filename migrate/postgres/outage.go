package postgres

import (
	"context"
	"sync"
	"time"

	"chatbridge/migrate"
)

// outage says once that a connection was lost, and once that it is back. A nil one
// says nothing: reads leave it to the writing session, which is used every second, so that
// one cut of all sessions is one outage.
type outage struct {
	mu    sync.Mutex
	since time.Time // zero while there is none
}

func (o *outage) begun(tell func(migrate.Event), err error) {
	if o == nil {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.since.IsZero() {
		return
	}
	o.since = time.Now()
	tell(migrate.Event{Level: migrate.Warning, Message: "lost the connection to the database of the ledger; waiting for it", Fields: []any{migrate.KeyReason, reason(err).Error()}})
}

// lasts reports whether there is one.
func (o *outage) lasts() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return !o.since.IsZero()
}

func (o *outage) ended(tell func(migrate.Event)) {
	if o == nil {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.since.IsZero() {
		return
	}
	tell(migrate.Event{Level: migrate.Notice, Message: "the database of the ledger is back", Fields: []any{migrate.KeyWait, time.Since(o.since).Round(time.Millisecond)}})
	o.since = time.Time{}
}

// sleep waits, or until ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
