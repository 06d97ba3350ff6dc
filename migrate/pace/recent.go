package pace

import (
	"sync"
	"time"

	"chatbridge/migrate"
)

// Recent is what a run did lately: in its last minute, or since it began where
// that is less.
type Recent struct {
	Seconds   float64 `json:"seconds"`   // that it covers
	Done      int64   `json:"done"`      // resources of every kind, those that were there before too
	Requests  int64   `json:"requests"`  // attempts, reads and writes
	Throttled int64   `json:"throttled"` // of the requests, those answered with "too many"

	LaneSteps   int64   `json:"lane_steps"`   // messages and members that lanes dealt with
	LaneSeconds float64 `json:"lane_seconds"` // what that took, of all lanes together
}

// rateSamples is a minute of heartbeats, and the one it is counted from.
const rateSamples = int(time.Minute/migrate.HeartbeatEvery) + 1

// Window keeps the samples of the last minute. The zero value is ready.
type Window struct {
	mu      sync.Mutex
	samples []Recent // since the run began
}

// Sample takes what the run did since it began. Samples have to come in their
// order, one with each heartbeat.
func (r *Window) Sample(s Recent) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.samples) == rateSamples {
		r.samples = append(r.samples[:0], r.samples[1:]...)
	}
	r.samples = append(r.samples, s)
}

// Until is what the run did up to now, from the oldest sample on.
func (r *Window) Until(now Recent) Recent {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.samples) == 0 {
		return now
	}
	from := r.samples[0]
	return Recent{
		Seconds:   now.Seconds - from.Seconds,
		Done:      now.Done - from.Done,
		Requests:  now.Requests - from.Requests,
		Throttled: now.Throttled - from.Throttled,

		LaneSteps:   now.LaneSteps - from.LaneSteps,
		LaneSeconds: now.LaneSeconds - from.LaneSeconds,
	}
}
