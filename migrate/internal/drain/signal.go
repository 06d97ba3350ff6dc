package drain

import (
	"context"
	"time"

	"chatbridge/migrate"
)

// Signal ends a verb in good order: when it is closed, what is in flight is
// finished and nothing new begun. A nil signal never comes.
type Signal <-chan struct{}

// Given reports whether the signal was given.
func (s Signal) Given() bool {
	select {
	case <-s:
		return true
	default:
		return false
	}
}

// Proceed is asked before each write, and says no if the verb is to end.
func (s Signal) Proceed(ctx context.Context) error {
	if s.Given() {
		return migrate.ErrDrained
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

// Wait lets d pass, unless the verb is to end.
func (s Signal) Wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return s.Proceed(ctx)
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-s:
		return migrate.ErrDrained
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
