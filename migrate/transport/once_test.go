package transport

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// The time of the first attempt counts, although nothing that repeats is set up before it
// has failed.
func TestTheFirstAttemptUsesUpPatience(t *testing.T) {
	slow := func(took time.Duration) step {
		return func(*http.Request) (*http.Response, error) {
			time.Sleep(took)
			return nil, errReset
		}
	}
	for name, c := range map[string]struct {
		first    time.Duration
		attempts int
	}{
		"longer than patience lasts": {61 * time.Second, 1},
		"nearly as long":             {50 * time.Second, 2},
		"a moment":                   {time.Second, 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				base := play(slow(c.first), slow(45*time.Second), slow(time.Hour))
				p := Patience{Elapsed: time.Minute, FirstWait: 40 * time.Second, MaxWait: 40 * time.Second, Jitter: func(time.Duration) time.Duration { return 0 }}
				began := time.Now()
				_, err := Retry(base, p, nil).RoundTrip(get(t.Context(), t, Call{Class: Read}))
				require.ErrorIs(t, err, errReset)
				require.Equal(t, c.attempts, base.attempts())
				if c.attempts > 1 {
					wait := min(20*time.Second, time.Minute-c.first) // half of the back-off, or what is left
					require.Equal(t, c.first+wait+45*time.Second, time.Since(began))
				}
			})
		})
	}
}

// A body is read into memory once, and whoever asks gets the same bytes.
func TestBodyIsOneForAll(t *testing.T) {
	rt := New(Options{Base: play(reply(404, `{"code":20404}`))})
	resp, err := rt.RoundTrip(get(t.Context(), t, Call{Class: Read}))
	require.NoError(t, err)
	defer resp.Body.Close()
	first, err := Body(resp)
	require.NoError(t, err)
	require.Equal(t, `{"code":20404}`, string(first))
	require.Equal(t, 20404, codeOf(resp))
	require.Equal(t, 20404, codeOf(resp))
	again, err := Body(resp)
	require.NoError(t, err)
	require.Same(t, &first[0], &again[0])
}
