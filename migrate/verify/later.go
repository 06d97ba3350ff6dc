package verify

import (
	"context"
	"iter"
	"sync"
	"time"

	"chatbridge/migrate/internal/drain"
)

// later is what is to be looked at a second time. It waits for what may be on its way
// together, after everything was looked at once: one after the other, thousands of
// channels that differ would wait for hours.
type later[T any] struct {
	mu  sync.Mutex
	all []deferred[T]
}

type deferred[T any] struct {
	what T
	seen time.Time
}

func (l *later[T]) add(what T) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, deferred[T]{what, time.Now()})
}

// each looks at them, as many at once as the limit says, and at none sooner than settle
// after it was added. Nothing is added any more.
func (l *later[T]) each(ctx context.Context, limit int, settle time.Duration, look func(context.Context, T) error) error {
	all := func(context.Context) iter.Seq2[deferred[T], error] {
		return func(yield func(deferred[T], error) bool) {
			for i, w := range l.all {
				l.all[i] = deferred[T]{} // it is let go when its turn is over
				if !yield(w, nil) {
					return
				}
			}
		}
	}
	return drain.Each(ctx, limit, all, func(w deferred[T]) drain.Job {
		return unpaused(func(ctx context.Context) error {
			if err := drain.Signal(nil).Wait(ctx, time.Until(w.seen.Add(settle))); err != nil {
				return err
			}
			return look(ctx, w.what)
		})
	})
}
