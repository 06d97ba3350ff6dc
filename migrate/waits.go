package migrate

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"
)

// Waits knows what a run waits for at any moment: which requests have no answer,
// which are going to be made again and why, and what is held back on purpose. It
// is in the context of the run, and told by whoever waits.
type Waits struct {
	mu    sync.Mutex
	held  map[*waiting]bool
	tries map[*Try]bool
}

// waiting is one that waits.
type waiting struct {
	Wait
	lane  string // SID of the channel; empty if it is of none
	since time.Time
}

type waitsKey struct{}

// WithWaits returns a context whose waits are noted, and where: in the one that
// the context has already, or in a new one.
func WithWaits(ctx context.Context) (context.Context, *Waits) {
	if w := WaitsOf(ctx); w != nil {
		return ctx, w
	}
	w := &Waits{held: map[*waiting]bool{}, tries: map[*Try]bool{}}
	return context.WithValue(ctx, waitsKey{}, w), w
}

// WaitsOf is where the waits of a context are noted; nil if they are not.
func WaitsOf(ctx context.Context) *Waits {
	w, _ := ctx.Value(waitsKey{}).(*Waits)
	return w
}

func (w *Waits) add(one *waiting) (over func()) {
	w.mu.Lock()
	w.held[one] = true
	w.mu.Unlock()
	return func() {
		w.mu.Lock()
		delete(w.held, one)
		w.mu.Unlock()
	}
}

// Now is what is waited for, one for each cause, host and reason, the longest
// first. What waits for a shorter time than least is counted only if somebody
// waits longer for the same.
func (w *Waits) Now(least time.Duration) []Wait {
	if w == nil {
		return nil
	}
	now := time.Now()
	w.mu.Lock()
	groups, lanes := map[Wait]*Wait{}, map[Wait]map[string]bool{}
	note := func(one waiting) {
		key := one.Wait
		g := groups[key]
		if g == nil {
			g = &Wait{Cause: key.Cause, Host: key.Host, Status: key.Status, Reason: key.Reason}
			groups[key], lanes[key] = g, map[string]bool{}
		}
		g.Seconds = max(g.Seconds, now.Sub(one.since).Seconds())
		switch {
		case one.lane == "":
			g.Others++
		case !lanes[key][one.lane]:
			lanes[key][one.lane] = true
			g.Channels++
		}
	}
	for one := range w.held {
		note(*one)
	}
	for t := range w.tries {
		if one, waits := t.now(now); waits {
			note(one)
		}
	}
	w.mu.Unlock()
	all := []Wait{}
	for _, g := range groups {
		if g.Seconds >= least.Seconds() {
			all = append(all, *g)
		}
	}
	slices.SortFunc(all, func(a, b Wait) int {
		return cmp.Or(cmp.Compare(b.Seconds, a.Seconds), cmp.Compare(a.Cause, b.Cause), cmp.Compare(a.Host, b.Host), cmp.Compare(a.Status, b.Status))
	})
	return all
}
