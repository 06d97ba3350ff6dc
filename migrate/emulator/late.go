package emulator

import (
	"net/http"
	"slices"
	"sync"
	"time"
)

// late keeps the requests whose connection was cut and that have not landed yet. They
// land when the emulator is next asked for anything, each dated when it was due: the
// clock may be one that moves by itself or one that a test moves.
type late struct {
	mu      sync.Mutex
	waiting []lateRequest
}

type lateRequest struct {
	due  time.Time
	land func(at time.Time)
}

// neverLands is the share of cut requests that have no effect: one in neverLands.
const neverLands = 8

// postpone takes a request over whose client is gone, and reports whether it did.
func (h *host) postpone(r *http.Request, x *Exchange) bool {
	m := h.emulator.mischief
	if m.Late <= 0 || x.Method != http.MethodPost || x.Host != ConversationsHost || r.Context().Err() == nil {
		return false
	}
	n := mix(m.Seed, hash("late"), hash(x.path), hash(x.Form.Encode()))
	m.happened("late")
	if n%neverLands == 0 {
		return true
	}
	l := &h.emulator.late
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting = append(l.waiting, lateRequest{
		due:  h.emulator.config.Now().Add(time.Duration(mix(n) % uint64(m.Late+1))),
		land: func(at time.Time) { h.commitAt(x, at.UTC().Truncate(time.Second)) },
	})
	return true
}

// land lets take effect what is due, in its order, before whatever its caller is about
// to do. What lands may make people act: they come through landBefore.
func (e *Emulator) land() {
	e.late.mu.Lock()
	defer e.late.mu.Unlock()
	e.landDue()
}

// landBefore does the same before somebody acts, unless it is what somebody does about
// a request that is landing.
func (e *Emulator) landBefore() {
	if e.late.mu.TryLock() {
		defer e.late.mu.Unlock()
		e.landDue()
	}
}

func (e *Emulator) landDue() {
	if len(e.late.waiting) == 0 {
		return
	}
	now := e.config.Now()
	due := slices.Collect(func(yield func(lateRequest) bool) {
		for _, one := range e.late.waiting {
			if !one.due.After(now) && !yield(one) {
				return
			}
		}
	})
	e.late.waiting = slices.DeleteFunc(e.late.waiting, func(one lateRequest) bool { return !one.due.After(now) })
	slices.SortStableFunc(due, func(a, b lateRequest) int { return a.due.Compare(b.due) })
	for _, one := range due {
		one.land(one.due)
	}
}

// Pending is how many requests have yet to land whose connection was cut.
func (e *Emulator) Pending() int {
	e.land()
	e.late.mu.Lock()
	defer e.late.mu.Unlock()
	return len(e.late.waiting)
}
