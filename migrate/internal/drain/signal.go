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

// Proceed is asked before each write. It waits while the context is paused, and
// says no if the verb is to end.
func (s Signal) Proceed(ctx context.Context) error {
	if _, err := s.unpaused(ctx); err != nil {
		return err
	}
	if s.Given() {
		return migrate.ErrDrained
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

// Begin is Proceed for what looks before it writes: the context that it returns is
// paused no more, because a pause between both would make the look old.
func (s Signal) Begin(ctx context.Context) (context.Context, error) {
	if err := s.Proceed(ctx); err != nil {
		return ctx, err
	}
	changed, err := s.unpaused(ctx)
	if err != nil {
		return ctx, err
	}
	return context.WithValue(migrate.WithPause(ctx, nil), begunKey{}, changed), nil
}

// Old reports whether a pause began since Begin returned a context, or one that comes
// of it: what was looked at then may have changed.
func Old(ctx context.Context) bool {
	changed, _ := ctx.Value(begunKey{}).(<-chan struct{})
	select {
	case <-changed:
		return true
	default:
		return false
	}
}

type begunKey struct{}

// Unpaused waits while the context is paused. Unlike Proceed it lets through what
// a drain still has to write, and fails only when the context ends meanwhile.
func (s Signal) Unpaused(ctx context.Context) error {
	_, err := s.unpaused(ctx)
	if err == migrate.ErrDrained {
		return nil
	}
	return err
}

// unpaused returns what is closed when the next pause begins.
func (s Signal) unpaused(ctx context.Context) (<-chan struct{}, error) {
	for {
		reason, changed := migrate.PauseOf(ctx).Reason()
		if reason == "" {
			return changed, nil
		}
		if err := s.until(ctx, changed, reason); err != nil {
			return nil, err
		}
	}
}

// until returns when a pause changes. A lane that waits for it is not stalled.
func (s Signal) until(ctx context.Context, changed <-chan struct{}, reason string) error {
	if s.Given() {
		return migrate.ErrDrained
	}
	defer migrate.Held(ctx, migrate.Paused, reason)()
	select {
	case <-changed:
		return nil
	case <-s:
		return migrate.ErrDrained
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Wait lets d pass, in which something may still land, unless the verb is to end.
func (s Signal) Wait(ctx context.Context, d time.Duration) error { return s.WaitFor(ctx, d, "") }

// WaitFor is Wait for something else that may come yet, which a person is told.
func (s Signal) WaitFor(ctx context.Context, d time.Duration, what string) error {
	defer migrate.Awaiting(ctx, migrate.Settling, what)()
	return s.Pass(ctx, d)
}

// Pass lets d pass, unless the verb is to end.
func (s Signal) Pass(ctx context.Context, d time.Duration) error {
	switch {
	case s.Given():
		return migrate.ErrDrained
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case d <= 0:
		return nil
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
