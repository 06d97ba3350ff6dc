package transport

import (
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/failsafe-go/failsafe-go"
)

// wait is the pause before the next attempt: half a back-off that doubles, or
// what the service asks for where that is more, and on top of it up to the other
// half.
func (r *retry) wait(e failsafe.ExecutionAttempt[attempt]) time.Duration {
	backoff := r.patience.MaxWait
	if shift := e.Retries(); shift < 16 {
		backoff = min(backoff, r.patience.FirstWait<<shift)
	}
	return max(backoff/2, asked(e.LastResult().resp)) + r.patience.Jitter(backoff/2)
}

// inTime reports whether what the service asks for is over before patience is.
func (r *retry) inTime(a attempt) bool {
	return asked(a.resp) <= r.patience.Elapsed-time.Since(a.began)
}

// asked is how long a reply, if there is one, asks to wait.
func asked(resp *http.Response) time.Duration {
	if resp == nil {
		return 0
	}
	return retryAfter(resp, time.Now())
}

func random(most time.Duration) time.Duration { return rand.N(most + 1) }

// Seeded returns a Jitter that draws the same waits in the same order for the
// same seed.
func Seeded(seed uint64) func(most time.Duration) time.Duration {
	var mu sync.Mutex
	r := rand.New(rand.NewPCG(seed, 0))
	return func(most time.Duration) time.Duration {
		mu.Lock()
		defer mu.Unlock()
		return time.Duration(r.Int64N(int64(most) + 1))
	}
}
