package transport

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"chatbridge/migrate"
)

func TestPace(t *testing.T) {
	write := func(t *testing.T, p *pace, c Call, n int) time.Duration {
		start := time.Now()
		for range n {
			_, err := p.RoundTrip(post(t.Context(), t, c))
			require.NoError(t, err)
		}
		return time.Since(start)
	}
	of := func(service, conversation string) Call {
		return Call{Class: Ensure, Service: service, Conversation: conversation}
	}

	t.Run("gives a conversation as many writes in five seconds as it takes", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := Pace(play(reply(201, "")), 30).(*pace)
			require.Zero(t, write(t, p, of("IS1", "CH1"), 150))
			require.Equal(t, paceWindow+paceSlack, write(t, p, of("IS1", "CH1"), 1))
			require.Zero(t, write(t, p, of("IS1", "CH1"), 149))
			time.Sleep(2 * time.Second)
			require.Equal(t, 3*time.Second+paceSlack, write(t, p, of("IS1", "CH1"), 1))
		})
	})
	t.Run("never gives more than that in any five seconds", func(t *testing.T) {
		rapid.Check(t, func(rt *rapid.T) {
			waits := rapid.SliceOfN(rapid.IntRange(0, 3000), 1, 60).Draw(rt, "milliseconds")
			synctest.Test(t, func(t *testing.T) {
				p := Pace(play(reply(201, "")), 2).(*pace)
				var sent []time.Time
				for _, ms := range waits {
					time.Sleep(time.Duration(ms) * time.Millisecond)
					write(t, p, of("IS1", "CH1"), 1)
					sent = append(sent, time.Now())
				}
				for i := range sent {
					if i >= 10 {
						require.Greater(t, sent[i].Sub(sent[i-10]), paceWindow)
					}
				}
			})
		})
	})
	t.Run("spaces writes evenly once the pace was refused, wherever", func(t *testing.T) {
		for _, code := range []string{throttledRate, `{"code":50074}`} {
			synctest.Test(t, func(t *testing.T) {
				p := Pace(play(reply(429, code), reply(201, "")), 10).(*pace)
				require.Zero(t, write(t, p, of("IS1", "CH1"), 1))
				require.Zero(t, write(t, p, of("IS1", "CH2"), 1))
				require.Equal(t, 900*time.Millisecond, write(t, p, of("IS1", "CH2"), 9))
			})
		}
	})
	t.Run("spaces them evenly within the window that is full", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			base := play(reply(201, ""))
			p := Pace(base, 2).(*pace)
			require.Zero(t, write(t, p, of("IS1", "CH1"), 10))
			p.even.Store(true)
			require.Equal(t, paceWindow+paceSlack+500*time.Millisecond, write(t, p, of("IS1", "CH1"), 2))
		})
	})
	t.Run("counts what does not wait", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := Pace(play(reply(201, "")), 2).(*pace)
			for range 12 {
				_, err := p.RoundTrip(post(migrate.Ahead(t.Context()), t, of("IS1", "CH1")))
				require.NoError(t, err)
			}
			require.Equal(t, paceWindow+paceSlack, write(t, p, of("IS1", "CH1"), 1))
		})
	})
	t.Run("counts a write when it is sent", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var sent []time.Time
			late := true
			rt := Pace(Limit(step(func(req *http.Request) (*http.Response, error) {
				sent = append(sent, time.Now())
				if late {
					late = false
					time.Sleep(3 * time.Second) // in the only slot
				}
				return reply(201, "")(req)
			}), InFlight{Most: 1}), 2)
			var wg sync.WaitGroup
			for range 25 {
				wg.Go(func() {
					_, err := rt.RoundTrip(post(t.Context(), t, of("IS1", "CH1")))
					require.NoError(t, err)
				})
				synctest.Wait()
			}
			wg.Wait()
			for i := 10; i < len(sent); i++ {
				require.Greater(t, sent[i].Sub(sent[i-10]), paceWindow)
			}
		})
	})
	t.Run("counts a write from when it is sent, however long its reply takes", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var last time.Time
			began := time.Now()
			rt := Pace(Limit(step(func(req *http.Request) (*http.Response, error) {
				last = time.Now()
				time.Sleep(4 * time.Second)
				return reply(201, "")(req)
			}), InFlight{Most: 20}), 2)
			var wg sync.WaitGroup
			for range 11 {
				wg.Go(func() {
					_, err := rt.RoundTrip(post(t.Context(), t, of("IS1", "CH1")))
					require.NoError(t, err)
				})
				synctest.Wait()
			}
			wg.Wait()
			require.Equal(t, began.Add(paceWindow+paceSlack), last)
		})
	})
	t.Run("spaces them evenly if a window holds but one", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := Pace(play(reply(201, "")), 0.1).(*pace)
			require.Equal(t, 20*time.Second, write(t, p, of("IS1", "CH1"), 3))
		})
	})
	t.Run("does not count one conversation against another, or against the service", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := Pace(play(reply(201, "")), 0.2).(*pace)
			require.Zero(t, write(t, p, of("IS1", "CH1"), 1))
			require.Zero(t, write(t, p, of("IS1", "CH2"), 1))
			require.Zero(t, write(t, p, of("IS1", ""), 1))
			require.Zero(t, write(t, p, of("IS2", ""), 1))
			require.Equal(t, 5*time.Second, write(t, p, of("IS1", ""), 1))
		})
	})
	t.Run("begins the highest rank first", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var order []int64
			p := Pace(step(func(req *http.Request) (*http.Response, error) {
				order = append(order, migrate.RankOf(req.Context()))
				return reply(201, "")(req)
			}), 0.2)
			var wg sync.WaitGroup
			for _, rank := range []int64{0, 3, 7, 1, 9} {
				wg.Go(func() {
					_, err := p.RoundTrip(post(migrate.Ranked(t.Context(), func() int64 { return rank }), t, of("IS1", "CH1")))
					require.NoError(t, err)
				})
				synctest.Wait()
			}
			wg.Wait()
			require.Equal(t, []int64{0, 9, 7, 3, 1}, order)
		})
	})
	t.Run("lets reads and writes without a limit pass", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := Pace(play(reply(200, "")), 1).(*pace)
			start := time.Now()
			for range 10 {
				_, err := p.RoundTrip(get(t.Context(), t, of("IS1", "CH1")))
				require.NoError(t, err)
			}
			require.Zero(t, time.Since(start))
			require.Zero(t, write(t, p, Call{}, 10))
		})
	})
	t.Run("is off at zero", func(t *testing.T) {
		base := play(reply(200, ""))
		require.Same(t, base, Pace(base, 0))
	})
	t.Run("ends a wait with its caller, and nothing was sent", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			base := play(reply(201, ""))
			p := Pace(base, 0.1).(*pace)
			write(t, p, of("IS1", "CH1"), 1)
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Second, cancel)
			_, err := p.RoundTrip(post(ctx, t, of("IS1", "CH1")))
			require.ErrorIs(t, err, context.Canceled)
			require.False(t, Sent(err))
			require.Equal(t, 1, base.attempts())
		})
	})
	t.Run("forgets conversations that are finished, and none that is at work", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := Pace(play(reply(201, "")), 1).(*pace)
			for i := range sweepAt {
				write(t, p, of("IS1", fmt.Sprintf("CH%d", i)), 1)
			}
			require.Len(t, p.buckets, sweepAt)
			time.Sleep(time.Minute)
			write(t, p, of("IS1", "CH1"), 1)
			write(t, p, of("IS1", "CHnew"), 1)
			require.Len(t, p.buckets, 2, "CH1 has used its token and must not get another at once")
		})
	})
}
