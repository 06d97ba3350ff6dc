package drain

import (
	"context"

	"chatbridge/migrate"
)

// Latch is a lock that is held while requests are made and waits pass, so those
// who wait for it give up when their context ends, and are not stalled.
type Latch chan struct{}

func NewLatch() Latch { return make(Latch, 1) }

func (l Latch) Lock(ctx context.Context) error {
	select {
	case l <- struct{}{}:
		return nil
	default:
	}
	defer migrate.Queued(ctx)()
	select {
	case l <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (l Latch) Unlock() { <-l }
