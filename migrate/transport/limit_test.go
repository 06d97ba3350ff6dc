package transport

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
)

// gauge answers after a while and remembers the most requests at once.
type gauge struct {
	now, most atomic.Int64
	took      time.Duration
	answer    step

	refuseAbove int64 // of ours; 0 refuses nothing
	refused     atomic.Int64
	others      int64 // in flight, not ours
	shown       bool  // in a header
	full        int64 // above it each takes as much longer; 0 never does
}

func (g *gauge) RoundTrip(req *http.Request) (*http.Response, error) {
	n := g.now.Add(1)
	for m := g.most.Load(); n > m && !g.most.CompareAndSwap(m, n); m = g.most.Load() {
	}
	defer g.now.Add(-1)
	if g.refuseAbove > 0 && n > g.refuseAbove {
		g.refused.Add(1)
		resp, err := reply(429, `{"code":20429}`)(req)
		if g.shown {
			resp.Header.Set("Twilio-Concurrent-Requests", strconv.FormatInt(n+g.others, 10))
		}
		return resp, err
	}
	took := g.took
	if g.full > 0 && n > g.full {
		took = took * time.Duration(n) / time.Duration(g.full)
	}
	time.Sleep(took)
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
			burst(t, Limit(g, InFlight{Most: 4}), 12)
			require.Equal(t, int64(4), g.most.Load())
			require.Equal(t, 3*time.Second, time.Since(start))
		})
	})
	t.Run("halves once for a volley of refusals, and grows back by one a window, but not to what was refused", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			g := &gauge{took: time.Second, answer: reply(200, "")}
			g.refuseAbove = 12
			l := Limit(g, InFlight{Most: 32}).(*limit)
			burst(t, l, 32)
			burst(t, l, 400)
			require.Contains(t, []int{10, 11, 12}, l.ceiling, "12, or less for what does not wait and for replies on their way")
			refused := g.refused.Load()
			require.NotZero(t, refused)
			burst(t, l, 400)
			require.Equal(t, l.ceiling, l.bound)
			require.Equal(t, refused, g.refused.Load(), "none is refused after the first volley")
		})
	})
	t.Run("leaves room for what does not wait, and for a reply on its way", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			// The service admits 12. One of 13 is answered, which this side does not know yet, so
			// that it is the fourteenth that is refused.
			slow := func(r *http.Request) (*http.Response, error) {
				time.Sleep(time.Minute)
				return reply(200, "")(r)
			}
			steps := append(slices.Repeat([]step{slow}, 13), reply(429, `{"code":20429}`), slow)
			l := Limit(play(steps...), InFlight{Most: 20}).(*limit)
			var first sync.WaitGroup
			first.Go(func() { burst(t, l, 13) })
			synctest.Wait()
			burst(t, l, 1)
			first.Wait()
			require.Equal(t, 11, l.ceiling, "with one ahead of the others that makes 12")
		})
	})
	t.Run("takes refusals of requests that flew together for one sign", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			g := &gauge{took: time.Second, answer: reply(429, `{"code":20429}`)}
			l := Limit(g, InFlight{Most: 32}).(*limit)
			burst(t, l, 32)
			require.Equal(t, 16, l.bound)
		})
	})
	t.Run("forgets what was refused after five minutes, and after ten the next time", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			g := &gauge{took: time.Second, answer: reply(200, ""), refuseAbove: 8}
			l := Limit(g, InFlight{Most: 16}).(*limit)
			burst(t, l, 16)
			require.Equal(t, 8, l.ceiling)
			for _, forget := range []time.Duration{5 * time.Minute, 10 * time.Minute, 20 * time.Minute} {
				refused := g.refused.Load()
				time.Sleep(forget - 40*time.Second)
				burst(t, l, 100) // 13 seconds
				require.Equal(t, refused, g.refused.Load())
				require.Equal(t, l.ceiling, l.bound)
				time.Sleep(time.Minute)
				burst(t, l, 100)
				require.Greater(t, g.refused.Load(), refused)
				require.Contains(t, []int{6, 7, 8}, l.ceiling)
			}
			time.Sleep(40 * time.Minute)
			g.refuseAbove = 0
			burst(t, l, 400)
			require.Equal(t, 16, l.bound, "an account that was busy does not slow down what follows for ever")
		})
	})
	t.Run("does not take an account that refuses everything for one that admits one", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			g := &gauge{took: time.Second, answer: reply(429, "")}
			l := Limit(g, InFlight{Most: 16}).(*limit)
			burst(t, l, 16)
			burst(t, l, 16)
			require.Less(t, l.bound, 4)
			g.answer = reply(200, "")
			burst(t, l, 100)
			require.Equal(t, 4, l.bound)
		})
	})
	t.Run("grows by one with every other reply while requests wait", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			g := &gauge{took: time.Second, answer: reply(200, "")}
			l := Limit(g, InFlight{Start: 2, Most: 16}).(*limit)
			for range 10 {
				burst(t, l, 2)
			}
			require.Equal(t, 2, l.bound, "nobody waits")
			burst(t, l, 14)
			require.Equal(t, 6, l.bound)
			burst(t, l, 100)
			require.Equal(t, 16, l.bound)
		})
	})
	t.Run("grows no more when replies take longer", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			g := &gauge{took: 100 * time.Millisecond, answer: reply(200, ""), full: 10}
			l := Limit(g, InFlight{Start: 2, Most: 200}).(*limit)
			burst(t, l, 2000)
			require.Less(t, l.bound, 60)
			require.Greater(t, l.bound, 10)
		})
	})
	t.Run("leaves half of what the account admits to others", func(t *testing.T) {
		for name, c := range map[string]struct {
			others, ceiling int
			shown           bool
		}{
			"as the reply shows":                      {20, 30, true},
			"and of ours, if no reply shows how many": {20, 20, false},
			"all but ours":                            {56, 30, true},
		} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					g := &gauge{took: time.Second, answer: reply(200, ""), refuseAbove: int64(60 - c.others), others: int64(c.others), shown: c.shown}
					l := Limit(g, InFlight{Most: 64, Share: true}).(*limit)
					burst(t, l, 64)
					require.Equal(t, c.ceiling, l.ceiling)
				})
			})
		}
	})
	t.Run("begins the highest rank first, and of those who came first", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var order []int64
			l := Limit(step(func(req *http.Request) (*http.Response, error) {
				order = append(order, migrate.RankOf(req.Context()))
				time.Sleep(time.Second)
				return reply(200, "")(req)
			}), InFlight{Most: 1})
			var wg sync.WaitGroup
			for _, rank := range []int64{0, 3, 7, 1, 7, 9} {
				wg.Go(func() {
					_, err := l.RoundTrip(get(migrate.Ranked(t.Context(), func() int64 { return rank }), t, Call{}))
					require.NoError(t, err)
				})
				synctest.Wait()
			}
			wg.Wait()
			require.Equal(t, []int64{0, 9, 7, 7, 3, 1}, order)
		})
	})
	t.Run("never falls below one", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			g := &gauge{took: time.Second, answer: reply(429, "")}
			l := Limit(g, InFlight{Most: 2}).(*limit)
			for range 5 {
				burst(t, l, 1)
			}
			require.Equal(t, 1, l.bound)
		})
	})
	t.Run("takes a limit of actions a second for no sign", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l := Limit(&gauge{took: time.Second, answer: reply(429, throttledRate)}, InFlight{Most: 8}).(*limit)
			burst(t, l, 8)
			require.Equal(t, 8, l.bound)
		})
	})
	t.Run("lets the last waiter leave without letting another in", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			g := &gauge{took: time.Minute, answer: reply(200, "")}
			l := Limit(g, InFlight{Most: 1}).(*limit)
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
			l := Limit(play(reply(200, "")), InFlight{Most: 1}).(*limit)
			_, err := l.enter(t.Context())
			require.NoError(t, err)
			ctx, cancel := context.WithCancel(t.Context())
			var wg sync.WaitGroup
			var left error
			wg.Go(func() { _, left = l.enter(ctx) })
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
			require.Empty(t, l.waiting.turns)
		})
	})
	t.Run("lets a waiter leave without losing its place to nobody", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			g := &gauge{took: 10 * time.Second, answer: reply(200, "")}
			l := Limit(g, InFlight{Most: 1}).(*limit)
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
			require.Empty(t, l.waiting.turns)
			burst(t, l, 1)
		})
	})
}
