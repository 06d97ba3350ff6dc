package migrate

import (
	"context"
	"sync"
)

type (
	permitKey struct{}
	aheadKey  struct{}
	rankKey   struct{}
)

// Ranked returns a context whose requests go before those of a lower rank if both
// wait for the same limit. Without one the rank is 0. rank is asked when a request
// begins to wait, by any goroutine.
func Ranked(ctx context.Context, rank func() int64) context.Context {
	return context.WithValue(ctx, rankKey{}, rank)
}

// RankOf is the rank of a context.
func RankOf(ctx context.Context) int64 {
	if rank, ok := ctx.Value(rankKey{}).(func() int64); ok {
		return rank()
	}
	return 0
}

// Ahead returns a context whose requests wait neither for a slot nor for a token:
// they are few, and come too late if they queue behind what they are about.
func Ahead(ctx context.Context) context.Context { return context.WithValue(ctx, aheadKey{}, true) }

// IsAhead reports whether a context is one of Ahead.
func IsAhead(ctx context.Context) bool { return ctx.Value(aheadKey{}) != nil }

// WithPermit returns a context whose writes ask permit before each attempt, at
// the last moment before it is sent: it may have waited for its turn, or for
// another attempt, since it was asked for. An error keeps the attempt from being
// sent, and the write may be tried again as if there had been no connection.
func WithPermit(ctx context.Context, permit func() error) context.Context {
	return context.WithValue(ctx, permitKey{}, permit)
}

// Permitted asks the permit of a context; nil if it has none.
func Permitted(ctx context.Context) error {
	if permit, ok := ctx.Value(permitKey{}).(func() error); ok {
		return permit()
	}
	return nil
}

// Pause holds back the writes of a run that are not begun, for as long as there
// is a reason. Reads go on, and so do the renewal of a claim and the attempts of a
// write that is in flight. The zero value lets everything pass.
type Pause struct {
	mu      sync.Mutex
	reason  string
	changed chan struct{}
}

// Set pauses for a reason, and with an empty one lets writes go on.
func (p *Pause) Set(reason string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.reason == reason {
		return
	}
	p.reason = reason
	if p.changed != nil {
		close(p.changed)
		p.changed = nil
	}
}

// Reason is why writes are held back, empty if they are not, and a channel that is
// closed when that changes.
func (p *Pause) Reason() (string, <-chan struct{}) {
	if p == nil {
		return "", nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.changed == nil {
		p.changed = make(chan struct{})
	}
	return p.reason, p.changed
}

type pauseKey struct{}

// WithPause returns a context whose writes wait while p says so.
func WithPause(ctx context.Context, p *Pause) context.Context {
	return context.WithValue(ctx, pauseKey{}, p)
}

// PauseOf is the Pause of a context; nil if it has none.
func PauseOf(ctx context.Context) *Pause {
	p, _ := ctx.Value(pauseKey{}).(*Pause)
	return p
}
