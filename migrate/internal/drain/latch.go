package drain

import (
	"context"

	"golang.org/x/sync/semaphore"

	"chatbridge/migrate"
)

// Latch is a lock that is held while requests are made and waits pass, so those
// who wait for it give up when their context ends, and are not stalled.
type Latch struct{ one *semaphore.Weighted }

func NewLatch() Latch { return Latch{semaphore.NewWeighted(1)} }

func (l Latch) Lock(ctx context.Context) error {
	if l.one.TryAcquire(1) {
		return nil
	}
	defer migrate.Held(ctx, migrate.InTurn, "")()
	if l.one.Acquire(ctx, 1) != nil {
		return context.Cause(ctx)
	}
	return nil
}

func (l Latch) Unlock() { l.one.Release(1) }
