// Package ahead reads what is going to be wanted while something else is done.
package ahead

import (
	"context"
	"iter"
	"sync"
	"sync/atomic"

	"chatbridge/migrate"
)

// Room bounds how many bytes are read ahead, by any number of readers. The zero
// value has no room.
type Room struct{ left atomic.Int64 }

// NewRoom returns a room of that many bytes.
func NewRoom(bytes int64) *Room {
	r := &Room{}
	r.left.Store(bytes)
	return r
}

func (r *Room) take(bytes int64) bool {
	if r.left.Add(-bytes) >= 0 {
		return true
	}
	r.left.Add(bytes)
	return false
}

func (r *Room) give(bytes int64) { r.left.Add(bytes) }

// Pages yields what pages does, and reads the next page while the one before is
// dealt with, if there is room for one as large as that. size is the bytes of a page, and
// negative if what follows it is to be read only when it is wanted; it is asked before the
// page is yielded, which whoever gets it may change. What pages says of a context that
// has ended is its last error. When it returns, nothing is being read.
func Pages[T any](ctx context.Context, room *Room, pages func(context.Context) iter.Seq2[T, error], size func(T) int64) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		ctx, cancel := context.WithCancel(beside(ctx))
		r := reader[T]{asks: make(chan struct{}, 1), pages: make(chan page[T]), stop: make(chan struct{}), room: room, size: size}
		var wg sync.WaitGroup
		wg.Go(func() {
			defer close(r.pages)
			r.read(pages(ctx))
		})
		defer wg.Wait()
		defer cancel()
		defer close(r.stop)
		for {
			r.asks <- struct{}{}
			p, more := <-r.pages
			if !more || !yield(p.page, p.err) {
				return
			}
		}
	}
}

// beside is the context of what is read ahead. It has half the rank, so that if requests
// wait for each other, what is written now goes before what will be wanted, unless its
// lane is much shorter.
func beside(ctx context.Context) context.Context {
	return migrate.Ranked(migrate.Beside(ctx), func() int64 { return migrate.RankOf(ctx) / 2 })
}

type page[T any] struct {
	page T
	err  error
}

// reader has one token in asks for each page that is wanted.
type reader[T any] struct {
	asks  chan struct{}
	pages chan page[T]
	stop  chan struct{} // closed when nothing is wanted any more, and not with the context: what the list says of that is wanted
	room  *Room
	size  func(T) int64
}

func (r *reader[T]) read(pages iter.Seq2[T, error]) {
	held, asked := int64(0), false
	defer func() { r.room.give(held) }()
	if !r.asked() {
		return
	}
	asked = true
	for p, err := range pages {
		if !asked && !r.asked() {
			return
		}
		size := r.size(p) // a page that was handed over is somebody else's
		select {
		case r.pages <- page[T]{p, err}:
		case <-r.stop:
			return
		}
		r.room.give(held)
		held, asked = size, false
		if held < 0 || !r.room.take(held) {
			held = 0
			if !r.asked() {
				return
			}
			asked = true
		}
	}
}

// asked waits until the next page is wanted.
func (r *reader[T]) asked() bool {
	select {
	case <-r.asks:
		return true
	case <-r.stop:
		return false
	}
}

// List is a list that is read to its end, or to its first error, in a goroutine of
// its own.
type List[T any] struct {
	all    []T
	failed error
	done   chan struct{}
	cancel context.CancelFunc
}

// Begin reads a list. Whoever begins has to Stop it.
func Begin[T any](ctx context.Context, list func(context.Context) iter.Seq2[T, error]) *List[T] {
	ctx, cancel := context.WithCancel(migrate.Beside(ctx))
	l := &List[T]{done: make(chan struct{}), cancel: cancel}
	go func() {
		defer close(l.done)
		for v, err := range list(ctx) {
			if err != nil {
				l.failed = err
				return
			}
			l.all = append(l.all, v)
		}
	}()
	return l
}

// All waits for the list and yields it.
func (l *List[T]) All() iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		<-l.done
		for _, v := range l.all {
			if !yield(v, nil) {
				return
			}
		}
		if l.failed != nil {
			var none T
			yield(none, l.failed)
		}
	}
}

// Stop returns when nothing is being read.
func (l *List[T]) Stop() {
	l.cancel()
	<-l.done
}

// Primed is a sequence whose first element is read in a goroutine of its own, before
// anybody asks for it.
type Primed[T any] struct {
	next   func() (T, error, bool)
	halt   func()
	cancel context.CancelFunc
	read   chan struct{} // closed when first is there
	taken  atomic.Bool

	first  T
	failed error
	more   bool
}

// Prime reads the first element. Whoever primes has to Stop it.
func Prime[T any](ctx context.Context, seq func(context.Context) iter.Seq2[T, error]) *Primed[T] {
	ctx, cancel := context.WithCancel(beside(ctx))
	p := &Primed[T]{cancel: cancel, read: make(chan struct{})}
	p.next, p.halt = iter.Pull2(seq(ctx))
	go func() {
		defer close(p.read)
		p.first, p.failed, p.more = p.next()
	}()
	return p
}

// Or is the whole sequence the first time that it is asked for, and otherwise what
// it is given. A nil receiver has none.
func (p *Primed[T]) Or(otherwise func() iter.Seq2[T, error]) iter.Seq2[T, error] {
	if p == nil || p.taken.Swap(true) {
		return otherwise()
	}
	return func(yield func(T, error) bool) {
		<-p.read
		first := p.first
		p.first = *new(T) // it keeps the whole page in memory that it came with
		for v, err, more := first, p.failed, p.more; more; v, err, more = p.next() {
			if !yield(v, err) {
				return
			}
		}
	}
}

// Stop returns when nothing is being read.
func (p *Primed[T]) Stop() {
	if p == nil {
		return
	}
	p.cancel()
	<-p.read
	p.halt()
}
