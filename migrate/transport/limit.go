package transport

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"chatbridge/migrate"
)

// Limit bounds the requests in flight, first to most and then to what the
// account turns out to take: it halves the bound when Twilio answers that there
// are too many at once, and raises it by one after as many answers as the bound
// is wide. Waiters are served in the order they came.
//
// A limit of actions a second does not count: fewer requests at once would not
// make a paced lane slower.
func Limit(next http.RoundTripper, most int) http.RoundTripper {
	most = max(1, most)
	return &limit{next: next, most: most, bound: most}
}

type limit struct {
	next http.RoundTripper
	most int

	mu      sync.Mutex
	bound   int
	flying  int
	answers int       // since the bound changed
	halved  time.Time // only a request sent since then says something new
	waiting []chan struct{}
}

func (l *limit) RoundTrip(req *http.Request) (*http.Response, error) {
	if migrate.IsAhead(req.Context()) {
		return l.next.RoundTrip(req)
	}
	if err := l.enter(req.Context()); err != nil {
		return nil, &AttemptError{Sent: false, Err: err}
	}
	sent := time.Now()
	resp, err := l.next.RoundTrip(req)
	l.leave(sent, err == nil, err == nil && crowded(resp))
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

func (l *limit) enter(ctx context.Context) error {
	l.mu.Lock()
	if l.flying < l.bound && len(l.waiting) == 0 {
		l.flying++
		l.mu.Unlock()
		return nil
	}
	turn := make(chan struct{})
	l.waiting = append(l.waiting, turn)
	l.mu.Unlock()

	defer migrate.Held(ctx, migrate.AtOnce, "")()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if i := slices.Index(l.waiting, turn); i >= 0 {
		l.waiting = slices.Delete(l.waiting, i, i+1)
		return context.Cause(ctx)
	}
	l.flying--
	l.admit()
	return context.Cause(ctx)
}

func (l *limit) leave(sent time.Time, answered, crowded bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.flying--
	switch {
	case crowded && !sent.Before(l.halved):
		l.bound = max(1, l.bound/2)
		l.halved, l.answers = time.Now(), 0
	case crowded:
	case answered && l.bound < l.most:
		l.answers++
		if l.answers >= l.bound {
			l.bound++
			l.answers = 0
		}
	}
	l.admit()
}

func (l *limit) admit() {
	for l.flying < l.bound && len(l.waiting) > 0 {
		turn := l.waiting[0]
		l.waiting = l.waiting[1:]
		l.flying++
		close(turn)
	}
}
