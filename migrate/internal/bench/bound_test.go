package bench_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/internal/bench"
)

func TestBound(t *testing.T) {
	ms := time.Millisecond
	for name, c := range map[string]struct {
		bench.Limits
		bench.Writes
		want time.Duration
	}{
		"the gate":                           {bench.Limits{APS: 30, Latency: 100 * ms}, bench.Writes{Gate: 300, Lane: 50, All: 1000}, 10 * time.Second},
		"the lane, by the limit":             {bench.Limits{APS: 30, Latency: 10 * ms}, bench.Writes{Gate: 30, Lane: 300, All: 1000}, 10 * time.Second},
		"the lane, by the latency":           {bench.Limits{APS: 30, Latency: 100 * ms}, bench.Writes{Gate: 30, Lane: 300, All: 1000}, 30 * time.Second},
		"the account":                        {bench.Limits{APS: 30, Latency: 100 * ms, InFlight: 5}, bench.Writes{Gate: 30, Lane: 30, All: 1000}, 20 * time.Second},
		"nothing in flight is no limit":      {bench.Limits{APS: 30, Latency: 100 * ms}, bench.Writes{Gate: 30, Lane: 30, All: 1000}, 3 * time.Second},
		"without a limit a lane has latency": {bench.Limits{Latency: 100 * ms}, bench.Writes{Gate: 300, Lane: 30, All: 1000}, 3 * time.Second},
	} {
		require.InDelta(t, c.want.Seconds(), c.Bound(c.Writes).Seconds(), 1e-6, name)
	}
}

func TestRecorder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		status := http.StatusOK
		r := bench.NewRecorder()
		h := r.Around(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			time.Sleep(time.Second)
			w.WriteHeader(status)
		}))
		send := func(method, path string) {
			h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(method, path, nil))
		}
		const service, other = "/v1/Services/IS1", "/v1/Services/IS2"
		send(http.MethodGet, service+"/Channels/CH1/Messages")
		send(http.MethodPost, "/v1/Services") // of no limit
		send(http.MethodPost, service+"/Roles")
		send(http.MethodPost, service+"/Conversations")
		send(http.MethodPost, service+"/Conversations/CH1")
		send(http.MethodDelete, service+"/Conversations/CH1")
		send(http.MethodPost, other+"/Users")
		send(http.MethodPost, service+"/Conversations/CH1/Messages")
		send(http.MethodDelete, service+"/Conversations/CH1/Messages/IM1")
		send(http.MethodPost, service+"/Conversations/CH2/Participants")
		send(http.MethodGet, service+"/Conversations/CH2/Participants")
		status = http.StatusTooManyRequests
		send(http.MethodPost, service+"/Users")
		require.Equal(t, bench.Run{
			Writes: bench.Writes{Gate: 3, Lane: 3, All: 9}, Reads: 2,
			Before: time.Second, Span: 9 * time.Second, Opening: 6 * time.Second,
			Refused: []time.Duration{11 * time.Second}, InFlight: 1,
		}, r.Run())
	})
}
