package transport

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestObserve(t *testing.T) {
	type seen struct {
		host, method string
		status       int
		took         time.Duration
	}
	t.Run("tells of each attempt, and not of the waits between them", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var all []seen
			tell := func(host, method string, status int, took time.Duration) {
				all = append(all, seen{host, method, status, took})
			}
			slow := slowly{time.Second, play(reply(429, "", "Retry-After", "5"), reply(201, "{}"))}
			_, err := New(Options{Base: slow, Observer: tell}).RoundTrip(post(t.Context(), t, Call{Class: Append}))
			require.NoError(t, err)
			host := post(t.Context(), t, Call{}).URL.Host
			require.Equal(t, []seen{{host, "POST", 429, time.Second}, {host, "POST", 201, time.Second}}, all)
		})
	})
	t.Run("an attempt without reply has no status", func(t *testing.T) {
		status := -1
		_, err := Observe(play(breaks(errReset)), func(_, _ string, s int, _ time.Duration) { status = s }).RoundTrip(get(t.Context(), t, Call{}))
		require.ErrorIs(t, err, errReset)
		require.Zero(t, status)
	})
}

// slowly takes its time for every attempt.
type slowly struct {
	takes time.Duration
	next  http.RoundTripper
}

func (s slowly) RoundTrip(req *http.Request) (*http.Response, error) {
	time.Sleep(s.takes)
	return s.next.RoundTrip(req)
}
