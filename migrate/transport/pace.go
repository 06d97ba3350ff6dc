package transport

import (
	"container/heap"
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"chatbridge/migrate"
)

// sweepAt is how many buckets are kept before the idle ones are dropped. An idle
// bucket has nothing to remember, so a conversation that is finished costs
// nothing, however many there were.
const sweepAt = 1024

// paceWindow is what Twilio averages the writes of a channel over, as it says for
// Chat. For Conversations it documents neither a window nor a burst.
const paceWindow = 5 * time.Second

// paceSlack is how much longer a write is counted than paceWindow: two writes need
// not be as long on their way as each other.
const paceSlack = 50 * time.Millisecond

// Pace lets writes through at aps a second for each conversation, and for each
// service those that no conversation's limit counts. Reads are not limited by
// Twilio and pass. Zero or less lets everything pass. Of those that wait, the
// highest [migrate.Ranked] goes first.
//
// The average is that of a window of five seconds. If Twilio refuses a write
// because of the pace, it counts in another way, and from then on writes are evenly
// spaced.
func Pace(next http.RoundTripper, aps float64) http.RoundTripper {
	if aps <= 0 {
		return next
	}
	return &pace{
		next: next, buckets: map[string]*bucket{},
		apart: time.Duration(float64(time.Second) / aps),
		most:  max(1, int(aps*paceWindow.Seconds())),
	}
}

type pace struct {
	next  http.RoundTripper
	apart time.Duration // between two writes that are evenly spaced
	most  int           // writes in a window
	even  atomic.Bool   // a window was refused

	mu      sync.Mutex
	buckets map[string]*bucket
}

// bucket is what the pace knows about one conversation or service.
type bucket struct {
	sent    []*sent // the latest, in a ring; no more than a window takes
	oldest  int
	last    time.Time
	waiting queue
	due     *time.Timer // until the first of waiting may go
	users   int         // requests that hold it; it must not be dropped under them
}

// sent is one write. Between its turn and the moment in which it is sent it may wait
// for a slot, and others of the same bucket with it: what counts is when they are
// sent.
type sent struct {
	pace   *pace
	bucket *bucket
	at     time.Time // zero while it waits for a slot
}

type sentKey struct{}

// leaving says that a request is sent now.
func leaving(ctx context.Context) {
	if s, ok := ctx.Value(sentKey{}).(*sent); ok {
		s.leaves()
	}
}

func (s *sent) leaves() {
	s.pace.mu.Lock()
	defer s.pace.mu.Unlock()
	if !s.at.IsZero() {
		return
	}
	s.at = time.Now()
	s.bucket.last = s.at
	s.pace.admit(s.bucket)
}

func (p *pace) RoundTrip(req *http.Request) (*http.Response, error) {
	if !isWrite(req) {
		return p.next.RoundTrip(req)
	}
	sent, err := p.wait(req)
	if err != nil {
		return nil, &AttemptError{Sent: false, Err: err}
	}
	if sent != nil {
		defer p.release(sent)
		req = req.WithContext(context.WithValue(req.Context(), sentKey{}, sent))
	}
	resp, err := p.next.RoundTrip(req)
	if err == nil {
		switch codeOf(resp) {
		case migrate.CodeRate, migrate.CodeServiceRate:
			p.even.Store(true)
		}
	}
	return resp, err
}

// wait is for a turn. It returns nil if nothing limits the request.
func (p *pace) wait(req *http.Request) (*sent, error) {
	c := callOf(req)
	key := c.Conversation
	if key == "" {
		key = c.Service
	}
	if key == "" {
		return nil, nil
	}
	ctx := req.Context()
	p.mu.Lock()
	b := p.take(key)
	s := &sent{pace: p, bucket: b}
	if migrate.IsAhead(ctx) { // it does not wait, but it counts
		p.note(b, s)
		p.mu.Unlock()
		s.leaves()
		return s, nil
	}
	turn := b.waiting.add(ctx)
	turn.of = s
	p.admit(b)
	p.mu.Unlock()

	if turn.over() {
		return s, nil
	}
	defer migrate.Held(ctx, migrate.RateLimit, "")()
	select {
	case <-turn.begun:
		return s, nil
	case <-ctx.Done():
	}
	p.mu.Lock()
	begun := !b.waiting.drop(turn)
	b.users--
	p.mu.Unlock()
	if begun {
		s.leaves()
	}
	return nil, context.Cause(ctx)
}

// admit lets through what may go, and comes back when the next one may.
func (p *pace) admit(b *bucket) {
	now := time.Now()
	for len(b.waiting.turns) > 0 {
		at, known := p.free(b)
		if !known {
			return // until the one before it is sent
		}
		if at.After(now) {
			b.wake(at.Sub(now), func() {
				p.mu.Lock()
				defer p.mu.Unlock()
				p.admit(b)
			})
			return
		}
		p.note(b, b.waiting.next().of)
	}
}

// free is when one more write may go, if that is known.
func (p *pace) free(b *bucket) (at time.Time, known bool) {
	n := len(b.sent)
	if n > 0 && (p.even.Load() || p.most == 1) {
		if b.sent[(b.oldest+n-1)%n].at.IsZero() {
			return at, false
		}
		at = b.last.Add(p.apart)
	}
	if n < p.most || p.most == 1 {
		return at, true
	}
	oldest := b.sent[b.oldest].at
	if oldest.IsZero() {
		return at, false
	}
	if window := oldest.Add(paceWindow + paceSlack); window.After(at) {
		at = window
	}
	return at, true
}

func (p *pace) note(b *bucket, s *sent) {
	if len(b.sent) < p.most {
		b.sent = append(b.sent, s)
		return
	}
	b.sent[b.oldest] = s
	b.oldest = (b.oldest + 1) % len(b.sent)
}

func (b *bucket) wake(in time.Duration, f func()) {
	if b.due != nil {
		b.due.Stop()
	}
	b.due = time.AfterFunc(in, f)
}

// take is called under the lock.
func (p *pace) take(key string) *bucket {
	b, ok := p.buckets[key]
	if !ok {
		if len(p.buckets) >= sweepAt {
			p.sweep()
		}
		b = &bucket{}
		p.buckets[key] = b
	}
	b.users++
	return b
}

// release ends the use of a bucket. What was not sent counts as if it had been.
func (p *pace) release(s *sent) {
	s.leaves()
	p.mu.Lock()
	defer p.mu.Unlock()
	s.bucket.users--
}

func (p *pace) sweep() {
	idle := time.Now().Add(-max(p.apart, paceWindow+paceSlack))
	for key, b := range p.buckets {
		if b.users == 0 && b.last.Before(idle) {
			delete(p.buckets, key)
		}
	}
}

// queue is requests that wait for their turn: the one of the highest rank first,
// and of those the one that came first. Its owner locks it.
type queue struct {
	turns []*turn
	came  uint64
}

// turn is one request in a queue.
type turn struct {
	rank  int64
	came  uint64
	of    *sent // what the pace has of it; nil elsewhere
	at    int   // in the heap; -1 when it is not there
	begun chan struct{}
}

func (t *turn) over() bool {
	select {
	case <-t.begun:
		return true
	default:
		return false
	}
}

// add puts a request into the queue.
func (q *queue) add(ctx context.Context) *turn {
	q.came++
	t := &turn{rank: migrate.RankOf(ctx), came: q.came, begun: make(chan struct{})}
	heap.Push((*byRank)(q), t)
	return t
}

// next begins the first turn.
func (q *queue) next() *turn {
	t := heap.Pop((*byRank)(q)).(*turn)
	close(t.begun)
	return t
}

// drop takes a turn out, and reports whether it had not begun.
func (q *queue) drop(t *turn) bool {
	if t.at < 0 {
		return false
	}
	heap.Remove((*byRank)(q), t.at)
	return true
}

type byRank queue

func (q *byRank) Len() int { return len(q.turns) }

func (q *byRank) Less(i, j int) bool {
	a, b := q.turns[i], q.turns[j]
	return a.rank > b.rank || a.rank == b.rank && a.came < b.came
}

func (q *byRank) Swap(i, j int) {
	q.turns[i], q.turns[j] = q.turns[j], q.turns[i]
	q.turns[i].at, q.turns[j].at = i, j
}

func (q *byRank) Push(x any) {
	t := x.(*turn)
	t.at = len(q.turns)
	q.turns = append(q.turns, t)
}

func (q *byRank) Pop() any {
	last := len(q.turns) - 1
	t := q.turns[last]
	q.turns[last] = nil
	q.turns, t.at = q.turns[:last], -1
	return t
}
