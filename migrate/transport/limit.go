package transport

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"time"

	"chatbridge/migrate"
)

// InFlight says how many requests of an account may be in flight.
type InFlight struct {
	// Start is the bound at first.
	//
	// Defaults to Most.
	Start int

	// Most is what the bound never exceeds.
	//
	// Defaults to 32.
	Most int

	// Share leaves half of what the account turns out to admit to others, such as
	// the live application of its owner.
	Share bool
}

func (f InFlight) withDefaults() InFlight {
	if f.Most <= 0 {
		f.Most = 32
	}
	if f.Start <= 0 || f.Start > f.Most {
		f.Start = f.Most
	}
	return f
}

// Limit bounds the requests in flight, to what f says and to what the account turns
// out to admit.
//
// The bound grows by one with every other reply while requests wait for a slot, replies
// come as fast as before, and nothing was refused. When Twilio answers that there
// are too many at once, the bound is halved, grows by one with as many replies as it
// is wide, and stays below what was refused: for five minutes, and after each
// further refusal for twice as long as before. So an account that was busy for a
// while does not slow down the rest of the run.
//
// A limit of actions a second does not count: fewer requests at once would not
// make a paced lane slower. Of those that wait, the highest [migrate.Ranked] goes
// first.
func Limit(next http.RoundTripper, f InFlight) http.RoundTripper {
	f = f.withDefaults()
	return &limit{next: next, InFlight: f, bound: f.Start, forget: forgetRefusal}
}

const (
	forgetRefusal = 5 * time.Minute
	// leastBelow is what a refusal lowers the bound to at most, for longer than a
	// moment: an account that refuses everything for a while says nothing about
	// how many it admits.
	leastBelow = 4
	// growth is how many replies let one more request into flight: half as many again
	// with each round, so that the first refusals are few.
	growth = 2
	// slower is how many times as long as the fastest replies others take that show
	// that more at once would wait somewhere else.
	slower = 2
)

type limit struct {
	next http.RoundTripper
	InFlight

	mu      sync.Mutex
	bound   int
	flying  int
	answers int    // since the bound changed
	sent    uint64 // requests so far
	volley  int    // the bound before it was halved
	halved  uint64 // of these, when the bound was halved: only later ones say something new
	waiting queue

	ceiling int           // below what was refused; 0 if nothing was
	refused time.Time     // last
	forget  time.Duration // how long the ceiling holds

	reads, writes speed
}

// speed is how long replies of one kind take.
type speed struct{ best, lately time.Duration }

// took reports whether replies take as long as the best did, about.
func (s *speed) took(d time.Duration) (steady bool) {
	if s.lately == 0 {
		s.lately = d
	}
	s.lately += (d - s.lately) / 8
	if s.best == 0 || s.lately < s.best {
		s.best = s.lately
	}
	return s.lately <= slower*max(s.best, time.Millisecond)
}

func (l *limit) RoundTrip(req *http.Request) (*http.Response, error) {
	f, err := l.enter(req.Context())
	if err != nil {
		return nil, &AttemptError{Sent: false, Err: err}
	}
	leaving(req.Context())
	resp, err := l.next.RoundTrip(req)
	l.leave(req, resp, f)
	return resp, err
}

func crowded(resp *http.Response) bool {
	switch codeOf(resp) {
	case migrate.CodeConcurrency:
		return true
	case migrate.CodeRate, migrate.CodeServiceRate:
		return false
	}
	return resp.StatusCode == http.StatusTooManyRequests
}

// flight is a request on its way.
type flight struct {
	number uint64
	sent   time.Time
	beside int // other requests that were in flight then
}

func (l *limit) flight() flight {
	l.sent++
	return flight{l.sent, time.Now(), l.flying - 1}
}

// enter waits for a slot.
func (l *limit) enter(ctx context.Context) (f flight, err error) {
	l.mu.Lock()
	if l.flying < l.bound && len(l.waiting.turns) == 0 || migrate.IsAhead(ctx) {
		l.flying++
		defer l.mu.Unlock()
		return l.flight(), nil
	}
	turn := l.waiting.add(ctx)
	l.mu.Unlock()

	defer migrate.Held(ctx, migrate.AtOnce, "")()
	select {
	case <-turn.begun:
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.flight(), nil
	case <-ctx.Done():
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.waiting.drop(turn) {
		l.flying--
		l.admit()
	}
	return f, context.Cause(ctx)
}

// leave gives the slot back. resp is nil if there was no answer.
func (l *limit) leave(req *http.Request, resp *http.Response, f flight) {
	crowded := resp != nil && crowded(resp)
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.flying--
	switch {
	case crowded:
		l.lower(resp, f, now)
	case resp != nil && !callOf(req).Stream:
		l.raise(l.speedOf(req).took(now.Sub(f.sent)), now)
	}
	l.admit()
}

func (l *limit) speedOf(req *http.Request) *speed {
	if isWrite(req) {
		return &l.writes
	}
	return &l.reads
}

// lower is what follows from a refusal.
func (l *limit) lower(resp *http.Response, f flight, now time.Time) {
	news := f.number > l.halved
	if news {
		l.volley = l.bound
	}
	// Two slots are left: one for what does not wait, and one because a request whose reply
	// is on its way is still counted here and no longer there. If less than half of what
	// the bound allows was in flight, others took the rest.
	admits := max(f.beside-2, l.volley/2)
	if l.Share {
		admits = f.beside
		// The header counts those of the whole account, the refused one too.
		if all, err := strconv.Atoi(resp.Header.Get("Twilio-Concurrent-Requests")); err == nil && all > 0 {
			admits = all - 1
		}
		admits /= 2
	}
	admits = max(leastBelow, admits)
	if l.ceiling > 0 && now.Sub(l.refused) >= l.forget {
		l.ceiling = 0
		l.forget *= 2
	}
	if l.ceiling == 0 || admits < l.ceiling {
		l.ceiling = admits
	}
	l.refused = now
	if !news {
		return
	}
	l.bound = max(1, min(l.bound/2, l.ceiling))
	l.halved, l.answers = l.sent, 0
}

// raise is what follows from an answer.
func (l *limit) raise(steady bool, now time.Time) {
	most, every := l.Most, growth
	if l.ceiling > 0 {
		every = l.bound
		if now.Sub(l.refused) < l.forget {
			most = min(most, l.ceiling)
		}
	}
	if l.bound >= most || !steady || l.bound >= l.Start && len(l.waiting.turns) == 0 {
		l.answers = 0
		return
	}
	if l.answers++; l.answers >= every {
		l.bound++
		l.answers = 0
	}
}

func (l *limit) admit() {
	for l.flying < l.bound && len(l.waiting.turns) > 0 {
		l.waiting.next()
		l.flying++
	}
}
