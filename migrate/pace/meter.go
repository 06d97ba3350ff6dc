package pace

import (
	"math"
	"net/http"
	"sync"
	"time"
)

// Meter tells how long a request takes on the wire. It takes the median of the reads
// that were answered: an answer that was slow once, or a page that is long, is not what
// the next request takes. The zero value is ready.
//
// Writes are not counted: what one of them takes in an account only a rehearsal can
// tell, and a command that only reads has none.
type Meter struct {
	mu     sync.Mutex
	counts [meterSteps]int64
	took   [meterSteps]time.Duration // of those, together
	all    int64
}

// A step of the meter is 2% longer than the one before it, so that the mean of the step
// that has the median is right to 2%. The first ends at 0.1 ms, the last at over an hour.
const (
	meterSteps  = 900
	meterFirst  = 100 * time.Microsecond
	meterFactor = 1.02
)

// Request is told of each attempt, as transport.Observer says.
func (m *Meter) Request(_, method string, status int, took time.Duration) {
	if method != http.MethodGet && method != "" || status < 200 || status > 299 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	step := 0
	if took > meterFirst {
		step = int(math.Ceil(math.Log(took.Seconds()/meterFirst.Seconds()) / math.Log(meterFactor)))
	}
	step = min(step, meterSteps-1)
	m.counts[step]++
	m.took[step] += took
	m.all++
}

// Latency is the median, and false if nothing was read yet.
func (m *Meter) Latency() (time.Duration, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.all == 0 {
		return 0, false
	}
	seen := int64(0)
	for i, n := range m.counts {
		if seen += n; 2*seen >= m.all {
			return m.took[i] / time.Duration(n), true
		}
	}
	return 0, false // not reached: the last step has all
}
