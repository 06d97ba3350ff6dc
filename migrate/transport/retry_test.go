package transport

import (
	"context"
	"errors"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

var (
	errReset   = &AttemptError{Sent: true, Err: errors.New("connection reset")}
	errRefused = &AttemptError{Sent: false, Err: errors.New("connection refused")}
)

const throttledRate = `{"code":50063,"message":"too many"}`

// A class decides alone what a failed attempt may be followed by.
func TestRetryRepeats(t *testing.T) {
	for name, c := range map[string]struct {
		first                step
		read, ensure, append int // attempts, where the second would succeed
	}{
		"a lost connection":                   {breaks(errReset), 2, 2, 1},
		"an error that says nothing":          {breaks(errors.New("broken")), 2, 2, 1},
		"a request that was never sent":       {breaks(errRefused), 2, 2, 2},
		"a dial error from a plain transport": {breaks(&net.OpError{Op: "dial", Err: errors.New("refused")}), 2, 2, 2},
		"a read error from a plain transport": {breaks(&net.OpError{Op: "read", Err: errors.New("reset")}), 2, 2, 1},
		"a reply that is too large":           {breaks(&AttemptError{Sent: true, Err: ErrTooLarge}), 1, 1, 1},
		"429":                                 {reply(429, ""), 2, 2, 2},
		"429 with a code":                     {reply(429, throttledRate), 2, 2, 2},
		"403 that is a rate limit":            {reply(403, `{"code":50074}`), 2, 2, 2},
		"403 that is a refusal":               {reply(403, `{"code":50107}`), 1, 1, 1},
		"500":                                 {reply(500, `{"code":20500}`), 2, 2, 1},
		"502 in HTML":                         {reply(502, "<html>bad gateway</html>"), 2, 2, 1},
		"503 without Retry-After":             {reply(503, ""), 2, 2, 1},
		"503 with Retry-After":                {reply(503, "", "Retry-After", "1"), 2, 2, 1},
		"503 that names a rate limit":         {reply(503, throttledRate, "Retry-After", "1"), 2, 2, 1},
		"500 that names a rate limit":         {reply(500, throttledRate), 2, 2, 1},
		"499 that names a rate limit":         {reply(499, throttledRate), 2, 2, 2},
		"499":                                 {reply(499, ""), 1, 1, 1},
		"400 that is a rate limit":            {reply(400, throttledRate), 2, 2, 2},
		"202":                                 {reply(202, "{}"), 1, 2, 1},
		"504":                                 {reply(504, ""), 2, 2, 1},
		"408":                                 {reply(408, ""), 2, 2, 1},
		"a write by someone else":             {reply(409, `{"code":50391}`), 2, 2, 1},
		"what is being deleted":               {reply(409, `{"code":50002}`), 2, 2, 1},
		"400":                                 {reply(400, `{"code":50304}`), 1, 1, 1},
		"401":                                 {reply(401, `{"code":20003}`), 1, 1, 1},
		"404":                                 {reply(404, `{"code":20404}`), 1, 1, 1},
		"a redirect":                          {reply(302, ""), 1, 1, 1},
		"a redirect without sense":            {reply(300, "<html>"), 1, 1, 1},
		"a redirect that names somebody else": {reply(399, `{"code":50391}`), 1, 1, 1},
		"a reply that makes no sense":         {reply(200, "<html>"), 2, 2, 1},
		"299 that makes no sense":             {reply(299, "<html>"), 2, 2, 1},
	} {
		t.Run(name, func(t *testing.T) {
			for class, want := range map[Class]int{Read: c.read, Ensure: c.ensure, Append: c.append} {
				synctest.Test(t, func(t *testing.T) {
					base := play(c.first, reply(201, "{}"))
					call := Call{Class: class, Check: func(raw []byte) error {
						if string(raw) != "{}" {
							return errors.New("not JSON")
						}
						return nil
					}}
					_, _ = Retry(base, Patience{}, nil).RoundTrip(post(t.Context(), t, call))
					require.Equal(t, want, base.attempts(), "class %d", class)
				})
			}
		})
	}

	t.Run("sends the body again", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			base := play(reply(429, ""), reply(429, ""), reply(201, "{}"))
			resp, err := Retry(base, Patience{}, nil).RoundTrip(post(t.Context(), t, Call{Class: Append}))
			require.NoError(t, err)
			require.Equal(t, 201, resp.StatusCode)
			require.Equal(t, []string{"Body=secret-body", "Body=secret-body", "Body=secret-body"}, base.sent)
		})
	})
	t.Run("not where the body cannot be read again", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			base := play(reply(429, ""))
			req := post(t.Context(), t, Call{Class: Append})
			req.GetBody = nil
			_, err := Retry(base, Patience{}, nil).RoundTrip(req)
			require.ErrorIs(t, err, errRewind)
			require.Equal(t, 1, base.attempts())
		})
	})
	t.Run("takes an unclassed POST for an append and an unclassed GET for a read", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			base := play(breaks(errReset), reply(200, "{}"))
			_, err := Retry(base, Patience{}, nil).RoundTrip(post(t.Context(), t, Call{}))
			require.ErrorIs(t, err, errReset)
			base = play(breaks(errReset), reply(200, "{}"))
			_, err = Retry(base, Patience{}, nil).RoundTrip(get(t.Context(), t, Call{}))
			require.NoError(t, err)
		})
	})
	t.Run("a 401 twice where the credentials worked before", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			base := play(reply(200, "{}"), reply(401, ""), reply(201, "{}"), reply(401, ""))
			rt := Retry(base, Patience{}, nil)
			_, err := rt.RoundTrip(get(t.Context(), t, Call{}))
			require.NoError(t, err)
			resp, err := rt.RoundTrip(post(t.Context(), t, Call{Class: Append}))
			require.NoError(t, err)
			require.Equal(t, 201, resp.StatusCode)
			resp, err = rt.RoundTrip(get(t.Context(), t, Call{}))
			require.NoError(t, err)
			require.Equal(t, 401, resp.StatusCode)
			require.Equal(t, 1+2+doubts, base.attempts())
		})
	})
}

// Whether the credentials are good is said by a success and by nothing else.
func TestRetryTrusts(t *testing.T) {
	for status, attempts := range map[int]int{200: doubts, 299: doubts, 300: 1, 404: 1, 500: 1} {
		synctest.Test(t, func(t *testing.T) {
			base := play(reply(status, "{}"), reply(401, ""))
			rt := Retry(base, Patience{}, nil)
			_, err := rt.RoundTrip(post(t.Context(), t, Call{Class: Append}))
			require.NoError(t, err)
			_, err = rt.RoundTrip(post(t.Context(), t, Call{Class: Append}))
			require.NoError(t, err)
			require.Equal(t, 1+attempts, base.attempts(), "after %d", status)
		})
	}
}

func TestRetryWhenTheCallerLeaves(t *testing.T) {
	t.Run("keeps a reply that arrived as the context ended", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			base := play(func(r *http.Request) (*http.Response, error) {
				cancel()
				return reply(201, "landed")(r)
			})
			resp, err := Retry(base, Patience{}, nil).RoundTrip(post(ctx, t, Call{Class: Append}))
			require.NoError(t, err)
			require.Equal(t, 201, resp.StatusCode)
		})
	})
	t.Run("asks no more after a refusal that arrived as the context ended", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var c Counter
			ctx, cancel := context.WithCancel(t.Context())
			base := play(func(r *http.Request) (*http.Response, error) {
				cancel()
				return reply(429, "")(r)
			})
			_, err := Retry(base, Patience{}, &c).RoundTrip(post(ctx, t, Call{Class: Append}))
			require.ErrorIs(t, err, context.Canceled)
			require.False(t, Sent(err), "too many were not processed")
			require.Equal(t, 1, base.attempts())
			require.Zero(t, c.Traffic().Retried)
		})
	})
	t.Run("knows that an append that was waiting has not been written", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			base := play(reply(429, "", "Retry-After", "20"))
			start := time.Now()
			_, err := Retry(base, Patience{}, nil).RoundTrip(post(ctx, t, Call{Class: Append}))
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.False(t, Sent(err))
			require.Equal(t, time.Second, time.Since(start))
			require.Equal(t, 1, base.attempts())
		})
	})
	t.Run("cannot know where an ensure was waiting", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			defer cancel()
			_, err := Retry(play(breaks(errReset)), Patience{}, nil).RoundTrip(post(ctx, t, Call{Class: Ensure}))
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.True(t, Sent(err))
		})
	})
	t.Run("sends nothing when it had left before", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			base := play(breaks(context.Canceled))
			_, err := Retry(base, Patience{}, nil).RoundTrip(post(ctx, t, Call{Class: Append}))
			require.ErrorIs(t, err, context.Canceled)
			require.False(t, Sent(err))
			require.Zero(t, base.attempts())
		})
	})
}

func TestRetryCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c Counter
		rt := Retry(Count(play(reply(429, "", "Retry-After", "3"), reply(500, ""), reply(200, "")), &c), Patience{Jitter: func(time.Duration) time.Duration { return 0 }}, &c)
		_, err := rt.RoundTrip(get(t.Context(), t, Call{}))
		require.NoError(t, err)
		got := c.Traffic()
		require.Equal(t, int64(3), got.Reads)
		require.Equal(t, int64(2), got.Retried)
		require.Equal(t, int64(1), got.Throttled)
		require.Equal(t, 3*time.Second, got.ThrottledTime, "only what was waited for being too many")
	})
}
