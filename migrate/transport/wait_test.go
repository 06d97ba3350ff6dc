package transport

import (
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestRetryWaits(t *testing.T) {
	elapsed := func(t *testing.T, p Patience, steps ...step) (took time.Duration, resp *http.Response, err error) {
		start := time.Now()
		resp, err = Retry(play(steps...), p, nil).RoundTrip(get(t.Context(), t, Call{}))
		return time.Since(start), resp, err
	}
	none := func(time.Duration) time.Duration { return 0 }
	most := func(d time.Duration) time.Duration { return d }
	t.Run("as long as Retry-After asks in seconds", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			took, _, err := elapsed(t, Patience{Jitter: none}, reply(429, "", "Retry-After", "7"), reply(200, ""))
			require.NoError(t, err)
			require.Equal(t, 7*time.Second, took)
		})
	})
	t.Run("until the date that Retry-After names", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			at := time.Now().Add(9 * time.Second).UTC().Format(http.TimeFormat)
			took, _, err := elapsed(t, Patience{Jitter: none}, reply(503, "", "Retry-After", at), reply(200, ""))
			require.NoError(t, err)
			require.Equal(t, 9*time.Second, took)
		})
	})
	t.Run("longer than the cap of a backoff, where Retry-After asks for it", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			took, _, err := elapsed(t, Patience{MaxWait: 3 * time.Second}, reply(429, "", "Retry-After", "90"), reply(200, ""))
			require.NoError(t, err)
			require.GreaterOrEqual(t, took, 90*time.Second)
			require.Less(t, took, 91*time.Second)
		})
	})
	t.Run("not at all where Retry-After asks for more time than there is", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			took, resp, err := elapsed(t, Patience{}, reply(429, "", "Retry-After", "86400"), reply(200, ""))
			require.NoError(t, err)
			require.Equal(t, 429, resp.StatusCode)
			require.Zero(t, took)
		})
	})
	t.Run("not at all where Retry-After asks for ages", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			for _, ages := range []string{"1000000000", "99999999999999999999", "Fri, 31 Dec 9999 23:59:59 GMT"} {
				took, resp, err := elapsed(t, Patience{}, reply(429, "", "Retry-After", ages), reply(200, ""))
				require.NoError(t, err)
				require.Equal(t, 429, resp.StatusCode, ages)
				require.Zero(t, took)
			}
		})
	})
	t.Run("as long as it has time, where Retry-After asks for all of it", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			took, resp, err := elapsed(t, Patience{Elapsed: 7 * time.Second}, reply(429, "", "Retry-After", "7"), reply(200, ""))
			require.NoError(t, err)
			require.Equal(t, 200, resp.StatusCode)
			require.Equal(t, 7*time.Second, took)
		})
	})
	t.Run("no less than a backoff, where Retry-After asks for less", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			zero := reply(429, "", "Retry-After", "0")
			took, _, err := elapsed(t, Patience{FirstWait: 4 * time.Second, Jitter: none}, zero, zero, zero, reply(200, ""))
			require.NoError(t, err)
			require.Equal(t, (4+8+16)*time.Second/2, took)
		})
	})
	t.Run("so that callers who were told the same time do not return at once", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			took, _, err := elapsed(t, Patience{FirstWait: 4 * time.Second, Jitter: most}, reply(429, "", "Retry-After", "7"), reply(200, ""))
			require.NoError(t, err)
			require.Equal(t, (7+2)*time.Second, took)
		})
	})
	t.Run("the same again for the same seed", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			waits := func(p Patience) (all []time.Duration) {
				for range 5 {
					took, _, err := elapsed(t, p, reply(429, "", "Retry-After", "7"), reply(500, ""), reply(200, ""))
					require.NoError(t, err)
					all = append(all, took)
				}
				return all
			}
			first := waits(Patience{Jitter: Seeded(7)})
			require.Equal(t, first, waits(Patience{Jitter: Seeded(7)}))
			require.NotEqual(t, first, waits(Patience{Jitter: Seeded(8)}))
			require.NotEqual(t, first[0], first[1])
			require.NotEqual(t, waits(Patience{}), waits(Patience{}), "by default it is random")
		})
	})
	t.Run("by backoff for a Retry-After that cannot be read, or is over", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			for _, v := range []string{"soon", "", "-5", "NaN", "Thu, 01 Jan 1970 00:00:00 GMT"} {
				took, _, err := elapsed(t, Patience{FirstWait: time.Second}, reply(429, "", "Retry-After", v), reply(200, ""))
				require.NoError(t, err)
				require.GreaterOrEqual(t, took, time.Second/2, v)
				require.LessOrEqual(t, took, time.Second, v)
			}
		})
	})
	t.Run("between half and all of a backoff that doubles", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			took, _, err := elapsed(t, Patience{FirstWait: time.Second, MaxWait: 3 * time.Second},
				reply(500, ""), reply(500, ""), reply(500, ""), reply(200, ""))
			require.NoError(t, err)
			require.GreaterOrEqual(t, took, (1+2+3)*time.Second/2)
			require.LessOrEqual(t, took, (1+2+3)*time.Second)
		})
	})
	t.Run("not at all where it has one attempt", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			took, resp, err := elapsed(t, Patience{Attempts: 1}, reply(500, ""), reply(200, ""))
			require.NoError(t, err)
			require.Equal(t, 500, resp.StatusCode)
			require.Zero(t, took)
		})
	})
	t.Run("no more often than it has attempts, and then returns the last reply", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			base := play(reply(500, "first"), reply(500, "second"), reply(500, "third"))
			resp, err := Retry(base, Patience{Attempts: 3}, nil).RoundTrip(get(t.Context(), t, Call{}))
			require.NoError(t, err)
			require.Equal(t, 3, base.attempts())
			raw, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			require.Equal(t, "third", string(raw))
		})
	})
	t.Run("no longer than it has time, and then returns the last error", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			took, _, err := elapsed(t, Patience{Attempts: 1000, Elapsed: time.Minute}, breaks(errReset))
			require.ErrorIs(t, err, errReset)
			require.GreaterOrEqual(t, took, time.Minute)
			require.Less(t, took, 61*time.Second)
		})
	})
}

func TestSeeded(t *testing.T) {
	t.Run("draws from nothing to the most, both included", func(t *testing.T) {
		jitter, seen := Seeded(1), map[time.Duration]bool{}
		for range 100 {
			seen[jitter(2)] = true
		}
		require.Equal(t, map[time.Duration]bool{0: true, 1: true, 2: true}, seen)
		require.Zero(t, jitter(0))
	})
}
