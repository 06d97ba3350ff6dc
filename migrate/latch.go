package migrate

import "context"

// latch is a lock that is held while requests are made and waits pass, so those
// who wait for it give up when their context ends, and are not stalled.
type latch chan struct{}

func newLatch() latch { return make(latch, 1) }

func (l latch) lock(ctx context.Context) error {
	select {
	case l <- struct{}{}:
		return nil
	default:
	}
	defer Queued(ctx)()
	select {
	case l <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (l latch) unlock() { <-l }
