package migrate

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// watchdog ends a lane that makes no progress. A wait that has a reason, such
// as a settle time or a back-off, does not count.
type watchdog struct {
	after  time.Duration
	cancel context.CancelCauseFunc
	unsure atomic.Bool // a write of the lane may land once more

	mu    sync.Mutex
	timer *time.Timer
}

type watchdogKey struct{}

func newWatchdog(ctx context.Context, after time.Duration, sid string) (context.Context, *watchdog) {
	ctx, cancel := context.WithCancelCause(ctx)
	w := &watchdog{after: after, cancel: cancel}
	w.timer = time.AfterFunc(after, func() {
		cancel(&Error{
			Op: "migrate channel", Kind: Stalled, SID: sid,
			Err:  fmt.Errorf("no progress for %v", after),
			Hint: "run the same command again to resume it; --watchdog sets how long a channel may stand still",
		})
	})
	return context.WithValue(ctx, watchdogKey{}, w), w
}

// Waiting says that the request with this context is going to be held back on
// purpose, by a back-off or a limit, for d. It keeps the lane's watchdog quiet
// for that long.
func Waiting(ctx context.Context, d time.Duration) {
	if w, ok := ctx.Value(watchdogKey{}).(*watchdog); ok {
		w.waiting(d)
	}
}

// Unsure says that the write with this context is going to be repeated although
// an attempt of it may have reached the service: it may take effect later, after
// whatever is written next.
func Unsure(ctx context.Context) {
	if w, ok := ctx.Value(watchdogKey{}).(*watchdog); ok {
		w.unsure.Store(true)
	}
}

func (w *watchdog) progress() { w.waiting(0) }

func (w *watchdog) waiting(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.timer.Stop() {
		w.timer.Reset(d + w.after)
	}
}

func (w *watchdog) stop() {
	w.timer.Stop()
	w.cancel(nil)
}
