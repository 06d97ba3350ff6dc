package migrate

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"
)

// Cause is why something waits.
type Cause string

// Causes of waits.
const (
	Throttling  Cause = "throttled"   // the service answers that there are too many
	Failing     Cause = "failing"     // the service answers that it failed
	Silent      Cause = "no_answer"   // nothing came back yet
	Unreachable Cause = "unreachable" // no connection
	RateLimit   Cause = "rate_limit"  // as many writes a second as a service, or a conversation, takes
	AtOnce      Cause = "at_once"     // as many requests at once as are allowed
	Settling    Cause = "settling"    // a write without an answer may still land
	Claiming    Cause = "claim"       // the claim on the target service is not renewed
	InTurn      Cause = "in_turn"     // a neighbour is at the same thing
	Paused      Cause = "paused"      // somebody wants it to
)

// LongWait is how long something waits before a person is told.
const LongWait = 2 * time.Second

// Wait is what a run waits for at one moment, of one cause.
type Wait struct {
	Cause    Cause   `json:"cause"`
	Host     string  `json:"host,omitempty"`   // that is waited for
	Status   int     `json:"status,omitempty"` // HTTP status of its last reply
	Reason   string  `json:"reason,omitempty"` // in words, if the cause does not say it all
	Channels int     `json:"channels"`         // that wait
	Others   int     `json:"others"`           // what waits and is of no channel
	Seconds  float64 `json:"seconds"`          // of the one that waits longest
}

// Awaiting says that whoever has this context waits, until the returned function
// is called. It does not keep a watchdog quiet; Held does.
func Awaiting(ctx context.Context, c Cause, reason string) (over func()) {
	w := WaitsOf(ctx)
	if w == nil {
		return func() {}
	}
	return w.add(&waiting{Wait: Wait{Cause: c, Reason: reason}, lane: laneOf(ctx), since: time.Now()})
}

// Held is Queued and Awaiting at once: a wait for as long as it takes, which is
// no stall.
func Held(ctx context.Context, c Cause, reason string) (over func()) {
	served, ended := Queued(ctx), Awaiting(ctx, c, reason)
	return func() {
		ended()
		served()
	}
}

// Try is one request on its way, with all its attempts. A nil one keeps nothing.
type Try struct {
	waits *Waits
	lane  string
	host  string

	// Guarded by the lock of waits.
	asked    time.Time // when the attempt was sent that is on the wire; zero if none is
	silent   time.Time // since when nothing came back; zero if the last attempt was answered
	trouble  Cause     // why the last attempt is repeated; empty if none was
	status   int
	troubled time.Time // since when attempts are repeated
}

type tryKey struct{}

// Trying begins a request to a host, and returns the context that its attempts
// are to have. The Try has to be ended.
func Trying(ctx context.Context, host string) (context.Context, *Try) {
	w := WaitsOf(ctx)
	if w == nil {
		return ctx, nil
	}
	t := &Try{waits: w, lane: laneOf(ctx), host: host}
	w.mu.Lock()
	w.tries[t] = struct{}{}
	w.mu.Unlock()
	return context.WithValue(ctx, tryKey{}, t), t
}

// End says that the request has ended, whichever way.
func (t *Try) End() {
	if t == nil {
		return
	}
	t.waits.mu.Lock()
	delete(t.waits.tries, t)
	t.waits.mu.Unlock()
}

// Again says that another attempt is going to be made, and why.
func (t *Try) Again(why Cause, status int) {
	if t == nil {
		return
	}
	t.waits.mu.Lock()
	defer t.waits.mu.Unlock()
	if t.trouble != why {
		t.troubled = time.Now()
	}
	t.trouble, t.status = why, status
}

// Asking says that the attempt with this context is sent. The returned function
// says whether anything came back.
func Asking(ctx context.Context) (answered func(bool)) {
	t, ok := ctx.Value(tryKey{}).(*Try)
	if !ok {
		return func(bool) {}
	}
	t.waits.mu.Lock()
	defer t.waits.mu.Unlock()
	t.asked = time.Now()
	if t.silent.IsZero() {
		t.silent = t.asked
	}
	return func(something bool) {
		t.waits.mu.Lock()
		defer t.waits.mu.Unlock()
		t.asked = time.Time{}
		if something {
			t.silent = time.Time{}
		}
	}
}

// now is what the request waits for, if it waits. What went out a moment ago is
// still what it was before: a service that answers at once with 429 is not silent.
// The lock is held.
func (t *Try) now(now time.Time) (waiting, bool) {
	w := waiting{Wait: Wait{Cause: t.trouble, Host: t.host, Status: t.status}, lane: t.lane, since: t.troubled}
	quiet := t.silent
	if quiet.IsZero() { // an upload has no answer while the file goes up, and is not asking
		quiet = t.troubled
	}
	switch {
	case t.trouble == Unreachable:
		w.since = quiet
	case t.trouble == Silent, !t.asked.IsZero() && (t.trouble == "" || now.Sub(t.asked) >= LongWait):
		w.Cause, w.Status, w.since = Silent, 0, quiet
	case t.trouble == "":
		return w, false // it waits for its turn, which is said by whoever lets it wait
	}
	return w, true
}

// Waits knows what a run waits for at any moment: which requests have no answer,
// which are going to be made again and why, and what is held back on purpose. It
// is in the context of the run, and told by whoever waits.
type Waits struct {
	mu    sync.Mutex
	held  map[*waiting]struct{}
	tries map[*Try]struct{}
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
	w := &Waits{held: map[*waiting]struct{}{}, tries: map[*Try]struct{}{}}
	return context.WithValue(ctx, waitsKey{}, w), w
}

// WaitsOf is where the waits of a context are noted; nil if they are not.
func WaitsOf(ctx context.Context) *Waits {
	w, _ := ctx.Value(waitsKey{}).(*Waits)
	return w
}

func (w *Waits) add(one *waiting) (over func()) {
	w.mu.Lock()
	w.held[one] = struct{}{}
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
