package emulator

import (
	"net/http"
	"time"
)

// rateWindow is how long Twilio averages writes over.
const (
	rateWindow  = 5 * time.Second
	rateBuckets = 25
)

// rate counts writes in the last five seconds, to a fifth of a second. The zero
// value has counted nothing.
type rate struct {
	counts [rateBuckets]uint32
	total  uint32
	newest int64
}

// take counts a write and reports true, or reports that there were too many.
func (r *rate) take(now time.Time, perSecond float64) bool {
	if perSecond <= 0 {
		return true
	}
	r.forget(now.UnixNano() / int64(rateWindow/rateBuckets))
	if float64(r.total+1) > max(1, perSecond*rateWindow.Seconds()) {
		return false
	}
	r.counts[r.newest%rateBuckets]++
	r.total++
	return true
}

func (r *rate) forget(bucket int64) {
	if bucket-r.newest >= rateBuckets {
		*r = rate{newest: bucket}
	}
	for r.newest < bucket {
		r.newest++
		r.total -= r.counts[r.newest%rateBuckets]
		r.counts[r.newest%rateBuckets] = 0
	}
}

// Twilio's codes for too many writes in one conversation and in one service.
const (
	codeConversationRate = 50063
	codeServiceRate      = 50074
)

func throttled(code int) error {
	return refuse(http.StatusTooManyRequests, code, "Rate limit exceeded")
}
