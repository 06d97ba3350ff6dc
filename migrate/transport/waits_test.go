package transport

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
)

// TestWaits looks at a call of a lane while it goes through all decorators.
func TestWaits(t *testing.T) {
	connected := func(r *http.Request) { httptrace.ContextClientTrace(r.Context()).GotConn(httptrace.GotConnInfo{}) }
	hangs := func(r *http.Request) (*http.Response, error) {
		connected(r)
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	drops := func(r *http.Request) (*http.Response, error) {
		connected(r)
		return nil, errors.New("reset")
	}
	unconnected := func(r *http.Request) (*http.Response, error) {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	const host = "chat.twilio.com"
	for name, one := range map[string]struct {
		first step
		after time.Duration
		want  migrate.Wait
	}{
		"too many":                        {reply(429, "", "Retry-After", "60"), 30 * time.Second, migrate.Wait{Cause: migrate.Throttling, Host: host, Status: 429, Channels: 1, Seconds: 30}},
		"too many, by its code":           {reply(403, `{"code":50063}`, "Retry-After", "60"), 30 * time.Second, migrate.Wait{Cause: migrate.Throttling, Host: host, Status: 403, Channels: 1, Seconds: 30}},
		"a failure":                       {reply(503, "", "Retry-After", "60"), 30 * time.Second, migrate.Wait{Cause: migrate.Failing, Host: host, Status: 503, Channels: 1, Seconds: 30}},
		"no answer":                       {hangs, 9 * time.Second, migrate.Wait{Cause: migrate.Silent, Host: host, Channels: 1, Seconds: 9}},
		"no answer, and another attempt":  {hangs, 12 * time.Second, migrate.Wait{Cause: migrate.Silent, Host: host, Channels: 1, Seconds: 12}},
		"no connection":                   {breaks(&net.OpError{Op: "dial", Err: errors.New("refused")}), 5 * time.Second, migrate.Wait{Cause: migrate.Unreachable, Host: host, Channels: 1, Seconds: 5}},
		"no connection, and another try":  {unconnected, 12 * time.Second, migrate.Wait{Cause: migrate.Unreachable, Host: host, Channels: 1, Seconds: 12}},
		"a claim that has to be renewed":  {breaks(&AttemptError{Err: unpermitted{errors.New("lapsed")}}), 5 * time.Second, migrate.Wait{Cause: migrate.Claiming, Host: host, Channels: 1, Seconds: 5}},
		"a connection that broke in time": {drops, 5 * time.Second, migrate.Wait{Cause: migrate.Silent, Host: host, Channels: 1, Seconds: 5}},
	} {
		t.Run("says that it waits after "+name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, waits := migrate.WithWaits(t.Context())
				ctx, dog := migrate.NewWatchdog(ctx, time.Hour, "CH1")
				defer dog.Stop()
				rt := New(Options{
					Base:           play(one.first),
					AttemptTimeout: 10 * time.Second,
					Patience:       Patience{Attempts: 3, FirstWait: 20 * time.Second, Jitter: func(time.Duration) time.Duration { return 0 }},
				})
				done := make(chan struct{})
				go func() {
					defer close(done)
					_, _ = rt.RoundTrip(get(ctx, t, Call{}))
				}()
				time.Sleep(one.after)
				synctest.Wait()
				require.Equal(t, []migrate.Wait{one.want}, waits.Now(migrate.LongWait))
				<-done
				require.Empty(t, waits.Now(0), "it has ended")
			})
		})
	}
	t.Run("says that it waits for a token, and for a slot", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, waits := migrate.WithWaits(t.Context())
			slow := func(r *http.Request) (*http.Response, error) {
				time.Sleep(5 * time.Second)
				return reply(200, "")(r)
			}
			rt := New(Options{Base: play(slow), InFlight: InFlight{Most: 1}, APS: 0.01})
			done := make(chan struct{}, 4)
			for range 2 {
				go func() { _, _ = rt.RoundTrip(get(ctx, t, Call{})); done <- struct{}{} }()
				go func() {
					_, _ = rt.RoundTrip(post(ctx, t, Call{Conversation: "CH1"}))
					done <- struct{}{}
				}()
			}
			time.Sleep(4 * time.Second)
			var causes []migrate.Cause
			for _, w := range waits.Now(migrate.LongWait) {
				causes = append(causes, w.Cause)
			}
			require.ElementsMatch(t, []migrate.Cause{migrate.Silent, migrate.AtOnce, migrate.RateLimit}, causes)
			for range 4 {
				<-done
			}
			require.Empty(t, waits.Now(0))
		})
	})
}
