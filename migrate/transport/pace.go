package transport

import (
	"net/http"
	"sync"

	"golang.org/x/time/rate"

	"chatbridge/migrate"
)

// sweepAt is how many buckets are kept before the full ones are dropped. A full
// bucket has nothing to remember, so a conversation that is finished costs
// nothing, however many there were.
const sweepAt = 1024

// Pace lets writes through at aps a second for each conversation, and for each
// service those that no conversation's limit counts. Reads are not limited by
// Twilio and pass. Zero or less lets everything pass.
//
// A bucket holds one token: Twilio averages over a window that no document
// fixes, and a burst at its start would be answered with 429.
func Pace(next http.RoundTripper, aps float64) http.RoundTripper {
	if aps <= 0 {
		return next
	}
	return &pace{next: next, aps: rate.Limit(aps), buckets: map[string]*bucket{}}
}

type pace struct {
	next http.RoundTripper
	aps  rate.Limit

	mu      sync.Mutex
	buckets map[string]*bucket
}

type bucket struct {
	*rate.Limiter
	users int // requests that hold it; it must not be dropped under them
}

func (p *pace) RoundTrip(req *http.Request) (*http.Response, error) {
	if isWrite(req) && !migrate.IsAhead(req.Context()) {
		if err := p.wait(req); err != nil {
			return nil, &AttemptError{Sent: false, Err: err}
		}
	}
	return p.next.RoundTrip(req)
}

func (p *pace) wait(req *http.Request) error {
	c := callOf(req)
	key := c.Conversation
	if key == "" {
		key = c.Service
	}
	if key == "" {
		return nil
	}
	b := p.take(key)
	defer p.release(b)
	if b.Allow() {
		return nil
	}
	defer migrate.Held(req.Context(), migrate.RateLimit, "")()
	return b.Wait(req.Context())
}

func (p *pace) take(key string) *bucket {
	p.mu.Lock()
	defer p.mu.Unlock()
	b, ok := p.buckets[key]
	if !ok {
		if len(p.buckets) >= sweepAt {
			p.sweep()
		}
		b = &bucket{Limiter: rate.NewLimiter(p.aps, 1)}
		p.buckets[key] = b
	}
	b.users++
	return b
}

func (p *pace) release(b *bucket) {
	p.mu.Lock()
	defer p.mu.Unlock()
	b.users--
}

func (p *pace) sweep() {
	for key, b := range p.buckets {
		if b.users == 0 && b.Tokens() >= 1 {
			delete(p.buckets, key)
		}
	}
}
