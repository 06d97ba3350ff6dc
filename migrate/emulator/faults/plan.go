package faults

import (
	"maps"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"chatbridge/migrate/emulator"
)

// Defaults of a Plan.
const (
	DefaultLimit      = 3
	DefaultLate       = 5 * time.Second
	DefaultStall      = 2 * time.Minute // longer than any sensible deadline of an attempt
	DefaultSlow       = time.Second
	DefaultRetryAfter = time.Second
)

// Plan decides which requests are hit, and hits them. Parse makes one. Its
// fields must not change once it is in use. It is safe for concurrent use.
//
// A plan that is used in a synctest bubble must be closed there.
type Plan struct {
	Seed uint64
	// Limit is how many draws in a row may hit one operation, so that runs end.
	// Defaults to DefaultLimit.
	Limit int
	// Late is the latest that a late commit lands after its connection dropped
	// and LateAfter passed.
	// Defaults to DefaultLate.
	Late time.Duration
	// LateAfter is what a late commit waits before that time begins, so that it
	// lands behind whatever a client takes for settled. Defaults to none.
	LateAfter time.Duration
	// Stall is how long a stall lasts if the client does not go away. Defaults
	// to DefaultStall.
	Stall time.Duration
	// Slow is how long a slow body takes. Defaults to DefaultSlow.
	Slow time.Duration
	// RetryAfter is what a Retry-After asks for, rounded up to seconds.
	// Defaults to DefaultRetryAfter.
	RetryAfter time.Duration
	// Observe, if set, is told of each fault just before it strikes. It may be
	// called concurrently.
	Observe func(k Kind, x *emulator.Exchange)

	rates rates
	rules []*rule
	names names

	mu         sync.Mutex
	counts     map[Kind]int64
	operations map[operation]*history
	trusting   map[emulator.Host]bool // have answered the client as it wished
	waiting    map[*lateCommit]bool
	landing    sync.WaitGroup
	closed     bool
}

// history is what became of an operation so far.
type history struct {
	seen   uint32
	streak int
	last   Kind // what struck last time; empty for nothing
}

// Counts returns how often each kind struck. A fault that was drawn and then
// did not fit, since the emulator refused the request anyway, is not counted.
func (p *Plan) Counts() map[Kind]int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.counts)
}

// Intercept is an emulator.Interceptor. Where it cannot drop the connection
// otherwise it panics with http.ErrAbortHandler, as net/http servers and Direct
// expect.
func (p *Plan) Intercept(w http.ResponseWriter, r *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
	op := p.names.operation(x)
	learning := func() emulator.Reply {
		reply := commit()
		p.names.learn(x, op, reply)
		return reply
	}
	hit, random := p.decide(x, op)
	if hit == nil {
		reply := learning()
		p.pass(x, reply)
		reply.WriteTo(w)
		return
	}
	hit.strike(&fault{plan: p, kind: hit.kind, w: w, r: r, x: x, commit: learning, random: random})
}

func (p *Plan) decide(x *emulator.Exchange, op operation) (*effect, *rand.Rand) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, nil
	}
	h := p.history(op)
	h.seen++
	random := dice(p.Seed, op, h.seen)
	if hit := p.scripted(x, random); hit != nil {
		return hit, random
	}
	hit := p.rates.draw(x, random)
	if hit != nil && hit.kind == ReadAuth && (!p.trusting[x.Host] || h.last == ReadAuth) || h.streak >= orDefault(p.Limit, DefaultLimit) {
		hit = nil
	}
	h.last = ""
	if hit == nil {
		h.streak = 0
		return nil, nil
	}
	h.streak++
	h.last = hit.kind
	return hit, random
}

// pass notes an answer that nothing was done to.
func (p *Plan) pass(x *emulator.Exchange, reply emulator.Reply) {
	if reply.Status >= http.StatusMultipleChoices {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.trusting == nil {
		p.trusting = map[emulator.Host]bool{}
	}
	p.trusting[x.Host] = true
}

// NewClient says that a client begins, such as the next run after a crash. A
// draw gives it no 401 from a host that has not answered it yet: to a client,
// that one is about its credentials.
func (p *Plan) NewClient() {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.trusting)
}

func (p *Plan) history(op operation) *history {
	h := p.operations[op]
	if h == nil {
		h = &history{}
		if p.operations == nil {
			p.operations = map[operation]*history{}
		}
		p.operations[op] = h
	}
	return h
}

// scripted counts the exchange in every rule, and returns the effect of the
// first that fits.
func (p *Plan) scripted(x *emulator.Exchange, random *rand.Rand) *effect {
	var hit *effect
	for _, r := range p.rules {
		if e := r.next(x, random); hit == nil {
			hit = e
		}
	}
	return hit
}

func (p *Plan) count(k Kind, x *emulator.Exchange) {
	p.mu.Lock()
	if p.counts == nil {
		p.counts = map[Kind]int64{}
	}
	p.counts[k]++
	p.mu.Unlock()
	if p.Observe != nil {
		p.Observe(k, x)
	}
}

func orDefault[T int | time.Duration](v, otherwise T) T {
	if v <= 0 {
		return otherwise
	}
	return v
}
