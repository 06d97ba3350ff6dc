package transport

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// gauge answers after a while and remembers the most requests at once.
type gauge struct {
	now, most atomic.Int64
	took      time.Duration
	answer    step
}

func (g *gauge) RoundTrip(req *http.Request) (*http.Response, error) {
	n := g.now.Add(1)
	for m := g.most.Load(); n > m && !g.most.CompareAndSwap(m, n); m = g.most.Load() {
	}
	time.Sleep(g.took)
	g.now.Add(-1)
	return g.answer(req)
}

func burst(t *testing.T, rt http.RoundTripper, n int) {
	t.Helper()
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			_, err := rt.RoundTrip(get(t.Context(), t, Call{}))
			require.NoError(t, err)
		})
	}
	wg.Wait()
}

func TestLimit(t *testing.T) {
	t.Run("holds requests to the most at once", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			g := &gauge{took: time.Second, answer: reply(200, "")}
			start := time.Now()
			burst(t, Limit(g, 4), 12)
			require.Equal(t, int64(4), g.most.Load())
			require.Equal(t, 3*time.Second, time.Since(start))
		})
	})
	t.Run("halves once for a volley of refusals, and grows back by one a window", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			g := &gauge{took: time.Second, answer: reply(429, `{"code":20429}`)}
			l := Limit(g, 8).(*limit)
			burst(t, l, 8)
			require.Equal(t, 4, l.bound, "eight refusals of requests that flew together are one sign")
			burst(t, l, 4)
			require.Equal(t, 2, l.bound)

			g.answer = reply(200, "")
			burst(t, l, 2)
			require.Equal(t, 3, l.bound)
			burst(t, l, 3)
			require.Equal(t, 4, l.bound)
			burst(t, l, 100)
			require.Equal(t, 8, l.bound, "never above the most")
		})
	})
	t.Run("grows after as many answers as it is wide, counted from when it changed", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			g := &gauge{took: time.Second, answer: reply(429, "")}
			l := Limit(g, 8).(*limit)
			burst(t, l, 8)
			g.answer = reply(200, "")
			for _, bound := range []int{4, 4, 4, 5, 5, 5, 5, 5, 6} {
				burst(t, l, 1)
				require.Equal(t, bound, l.bound)
			}
		})
	})
	t.Run("lets one through at a time where it is told none", func(t *testing.T) {
		for _, most := range []int{0, -1} {
			synctest.Test(t, func(t *testing.T) {
				g := &gauge{took: time.Second, answer: reply(200, "")}
				burst(t, Limit(g, most), 3)
				require.Equal(t, int64(1), g.most.Load())
			})
		}
	})
	t.Run("never falls below one", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			g := &gauge{took: time.Second, answer: reply(429, "")}
			l := Limit(g, 2).(*limit)
			for range 5 {
				burst(t, l, 1)
			}
			require.Equal(t, 1, l.bound)
		})
	})
	t.Run("takes a limit of actions a second for no sign", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l := Limit(&gauge{took: time.Second, answer: reply(429, throttledRate)}, 8).(*limit)
			burst(t, l, 8)
			require.Equal(t, 8, l.bound)
		})
	})
	t.Run("lets the last waiter leave without letting another in", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			g := &gauge{took: time.Minute, answer: reply(200, "")}
			l := Limit(g, 1).(*limit)
			ctx, cancel := context.WithCancel(t.Context())
			var wg sync.WaitGroup
			for _, c := range []context.Context{t.Context(), t.Context(), ctx} {
				wg.Go(func() { _, _ = l.RoundTrip(get(c, t, Call{})) })
				synctest.Wait()
			}
			cancel()
			wg.Wait()
			require.Equal(t, int64(1), g.most.Load())
			require.Zero(t, l.flying)
		})
	})
	t.Run("gives a turn on that comes as its waiter leaves", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l := Limit(play(reply(200, "")), 1).(*limit)
			require.NoError(t, l.enter(t.Context()))
			ctx, cancel := context.WithCancel(t.Context())
			var wg sync.WaitGroup
			var left error
			wg.Go(func() { left = l.enter(ctx) })
			synctest.Wait()
			wg.Go(func() { _, _ = l.RoundTrip(get(t.Context(), t, Call{})) })
			synctest.Wait()

			l.mu.Lock() // the turn comes after the waiter left and before it can say so
			cancel()
			l.flying--
			l.admit()
			l.mu.Unlock()
			wg.Wait()
			require.ErrorIs(t, left, context.Canceled)
			require.Zero(t, l.flying)
			require.Empty(t, l.waiting)
		})
	})
	t.Run("lets a waiter leave without losing its place to nobody", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			g := &gauge{took: 10 * time.Second, answer: reply(200, "")}
			l := Limit(g, 1).(*limit)
			var wg sync.WaitGroup
			wg.Go(func() { _, _ = l.RoundTrip(get(t.Context(), t, Call{})) })
			synctest.Wait()

			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_, err := l.RoundTrip(get(ctx, t, Call{}))
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.False(t, Sent(err))
			wg.Wait()
			require.Zero(t, l.flying)
			require.Empty(t, l.waiting)
			burst(t, l, 1)
		})
	})
}
