package migrate

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// Watchdog ends a lane that makes no progress. A wait that has a reason, such
// as a settle time, a back-off or a queue, does not count.
type Watchdog struct {
	sid     string // of the channel
	after   time.Duration
	cancel  context.CancelCauseFunc
	InDoubt atomic.Bool // a write of the lane may land once more

	mu     sync.Mutex
	timer  *time.Timer
	until  time.Time // end of the longest wait that was announced last
	queued int       // requests that wait for their turn; meanwhile the timer ends nothing
}

type watchdogKey struct{}

func NewWatchdog(ctx context.Context, after time.Duration, sid string) (context.Context, *Watchdog) {
	ctx, cancel := context.WithCancelCause(ctx)
	w := &Watchdog{sid: sid, after: after, cancel: cancel, until: time.Now()}
	w.timer = time.AfterFunc(after, func() {
		if !w.fired() {
			return
		}
		cancel(&Error{
			Op: "migrate channel", Kind: Stalled, SID: sid,
			Err:  fmt.Errorf("no progress for %v", after),
			Hint: "run the same command again to resume it; --watchdog sets how long a channel may make no progress",
		})
	})
	return context.WithValue(ctx, watchdogKey{}, w), w
}

// Waiting says that the request with this context is going to be held back on
// purpose, by a back-off or a limit, for d. It keeps the lane's watchdog quiet
// for that long. With a d of 0 it says that the lane gets on.
func Waiting(ctx context.Context, d time.Duration) {
	w, ok := ctx.Value(watchdogKey{}).(*Watchdog)
	switch {
	case !ok:
	case ctx.Value(besideKey{}) != nil:
		w.atLeast(d)
	default:
		w.Waiting(d)
	}
}

type besideKey struct{}

// Beside returns a context for what a lane has done while it does something else: it
// does not cut short the time for which the lane waits.
func Beside(ctx context.Context) context.Context { return context.WithValue(ctx, besideKey{}, true) }

func (w *Watchdog) atLeast(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if until := time.Now().Add(d); until.After(w.until) {
		w.until = until
	}
	w.rearm()
}

// Queued says that the request with this context waits for its turn behind
// others, for as long as that takes. It keeps the lane's watchdog quiet until the
// function that it returns is called, which must happen once.
func Queued(ctx context.Context) (served func()) {
	if w, ok := ctx.Value(watchdogKey{}).(*Watchdog); ok {
		w.queue()
		return w.served
	}
	return func() {}
}

// NoteDoubt says that the write with this context is going to be repeated although
// an attempt of it may have reached the service: it may take effect later, after
// whatever is written next.
func NoteDoubt(ctx context.Context) {
	if w, ok := ctx.Value(watchdogKey{}).(*Watchdog); ok {
		w.InDoubt.Store(true)
	}
	for d, _ := ctx.Value(doubtKey{}).(*doubt); d != nil; d = d.outer {
		d.noted.Store(true)
	}
}

type doubtKey struct{}

// doubt is what NoteDoubt tells, and whoever asked before.
type doubt struct {
	noted atomic.Bool
	outer *doubt
}

// WithDoubt returns a context, and whether NoteDoubt was told of a write with it, or
// with one that comes of it.
func WithDoubt(ctx context.Context) (doubted context.Context, noted func() bool) {
	outer, _ := ctx.Value(doubtKey{}).(*doubt)
	d := &doubt{outer: outer}
	return context.WithValue(ctx, doubtKey{}, d), d.noted.Load
}

// laneOf is the SID of the channel whose lane has this context, and empty if it is
// of none.
func laneOf(ctx context.Context) string {
	if w, ok := ctx.Value(watchdogKey{}).(*Watchdog); ok {
		return w.sid
	}
	return ""
}

func (w *Watchdog) Progress() { w.Waiting(0) }

func (w *Watchdog) Waiting(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.until = time.Now().Add(d)
	w.rearm()
}

// rearm gives the lane its time again. The lock is held.
func (w *Watchdog) rearm() {
	w.timer.Reset(max(0, time.Until(w.until)) + w.after)
}

func (w *Watchdog) queue() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.queued++
}

func (w *Watchdog) served() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.queued--
	w.rearm()
}

// fired reports whether the timer ran out on a lane that stands still, and not on one
// that waits for its turn, or while it was being set anew. To end a lane that has ended
// changes nothing.
func (w *Watchdog) fired() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.queued == 0 && time.Until(w.until.Add(w.after)) <= 0
}

func (w *Watchdog) Stop() {
	w.timer.Stop()
	w.cancel(nil)
}
