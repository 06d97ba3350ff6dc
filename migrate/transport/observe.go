package transport

import (
	"net/http"
	"time"
)

// Observer is told of each attempt: the host and the method, the status of the
// reply, 0 where there was none, and how long the wire took. It is called from
// many goroutines and must return at once.
type Observer func(host, method string, status int, took time.Duration)

// Observe tells o of every attempt that passes.
func Observe(next http.RoundTripper, o Observer) http.RoundTripper {
	return &observe{next: next, tell: o}
}

type observe struct {
	next http.RoundTripper
	tell Observer
}

func (o *observe) RoundTrip(req *http.Request) (*http.Response, error) {
	start := time.Now()
	resp, err := o.next.RoundTrip(req)
	status := 0
	if err == nil {
		status = resp.StatusCode
	}
	o.tell(req.URL.Host, req.Method, status, time.Since(start))
	return resp, err
}
