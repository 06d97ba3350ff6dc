package transport

import (
	"net/http"
	"sync/atomic"
	"time"

	"chatbridge/migrate"
)

// Counter counts requests. Every attempt counts. The zero value is ready, and
// one Counter may serve several transports.
type Counter struct {
	reads, writes, throttled, retried atomic.Int64
	waited                            atomic.Int64 // nanoseconds
}

// Traffic is the count so far.
func (c *Counter) Traffic() migrate.Traffic {
	return migrate.Traffic{
		Reads:         c.reads.Load(),
		Writes:        c.writes.Load(),
		Throttled:     c.throttled.Load(),
		Retried:       c.retried.Load(),
		ThrottledTime: time.Duration(c.waited.Load()),
	}
}

func (c *Counter) retry(wait time.Duration, throttled bool) {
	if c == nil {
		return
	}
	c.retried.Add(1)
	if throttled {
		c.waited.Add(int64(wait))
	}
}

// Count counts what passes into c.
func Count(next http.RoundTripper, c *Counter) http.RoundTripper {
	return &count{next: next, counter: c}
}

type count struct {
	next    http.RoundTripper
	counter *Counter
}

func (c *count) RoundTrip(req *http.Request) (*http.Response, error) {
	if isWrite(req) {
		c.counter.writes.Add(1)
	} else {
		c.counter.reads.Add(1)
	}
	resp, err := c.next.RoundTrip(req)
	if err == nil && throttled(resp) {
		c.counter.throttled.Add(1)
	}
	return resp, err
}
