package transport

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
)

// watched gives a lane a second without progress.
func watched(t *testing.T) (context.Context, *migrate.Watchdog) {
	t.Helper()
	ctx, w := migrate.NewWatchdog(t.Context(), time.Second, "CH1")
	t.Cleanup(w.Stop)
	return ctx, w
}

func TestWatchdogDoesNotCount(t *testing.T) {
	t.Run("the wait for another attempt", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, _ := watched(t)
			_, err := Retry(play(reply(429, "", "Retry-After", "60"), reply(200, "")), Patience{}, nil).RoundTrip(get(ctx, t, Call{}))
			require.NoError(t, err)
		})
	})
	t.Run("the wait for a slot", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			slow := func(r *http.Request) (*http.Response, error) {
				time.Sleep(time.Minute)
				return reply(200, "")(r)
			}
			l := Limit(play(slow, reply(200, "")), InFlight{Most: 1})
			var wg sync.WaitGroup
			wg.Go(func() { _, _ = l.RoundTrip(get(t.Context(), t, Call{})) })
			synctest.Wait()
			ctx, _ := watched(t)
			_, err := l.RoundTrip(get(ctx, t, Call{}))
			require.NoError(t, err)
			wg.Wait()
		})
	})
	t.Run("the wait for a token", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, _ := watched(t)
			p := Pace(play(reply(201, "")), 0.1)
			for range 3 {
				_, err := p.RoundTrip(post(ctx, t, Call{Conversation: "CH1"}))
				require.NoError(t, err)
			}
		})
	})
}

// A write that is repeated although an attempt of it may have landed can take
// effect after the next one, and the lane has to know.
func TestRetryNotesDoubt(t *testing.T) {
	for name, c := range map[string]struct {
		first        step
		read, ensure bool
	}{
		"a lost connection":             {breaks(errReset), false, true},
		"a request that was never sent": {breaks(errRefused), false, false},
		"an error that says nothing":    {breaks(errors.New("broken")), false, true},
		"429":                           {reply(429, ""), false, false},
		"somebody else at 407":          {reply(407, `{"code":50391}`), false, false},
		"408":                           {reply(408, ""), false, true},
		"somebody else at 409":          {reply(409, `{"code":50391}`), false, false},
		"somebody else at 499":          {reply(499, `{"code":50391}`), false, false},
		"500":                           {reply(500, ""), false, true},
		"503":                           {reply(503, ""), false, true},
		"202":                           {reply(202, "{}"), false, true},
		"a reply that makes no sense":   {reply(299, "<html>"), false, true},
	} {
		t.Run(name, func(t *testing.T) {
			for class, want := range map[Class]bool{Read: c.read, Ensure: c.ensure} {
				synctest.Test(t, func(t *testing.T) {
					ctx, w := watched(t)
					call := Call{Class: class, Check: func(raw []byte) error {
						if len(raw) > 0 && raw[0] == '<' {
							return errors.New("not JSON")
						}
						return nil
					}}
					resp, err := Retry(play(c.first, reply(201, "{}")), Patience{}, nil).RoundTrip(post(ctx, t, call))
					require.NoError(t, err)
					require.Less(t, resp.StatusCode, http.StatusMultipleChoices)
					require.Equal(t, want, w.InDoubt.Load(), "class %d", class)
				})
			}
		})
	}
	t.Run("of an append that is repeated there is none", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, w := watched(t)
			_, err := Retry(play(reply(429, ""), breaks(errRefused), reply(201, "{}")), Patience{}, nil).RoundTrip(post(ctx, t, Call{Class: Append}))
			require.NoError(t, err)
			require.False(t, w.InDoubt.Load())
		})
	})
	t.Run("of a write that is not repeated its caller is told by the error", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, w := watched(t)
			_, err := Retry(play(breaks(errReset)), Patience{}, nil).RoundTrip(post(ctx, t, Call{Class: Append}))
			require.True(t, Sent(err))
			require.False(t, w.InDoubt.Load())
		})
	})
}
