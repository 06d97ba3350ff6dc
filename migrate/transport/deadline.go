package transport

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync"
	"sync/atomic"
	"time"
)

// AttemptError is why an attempt brought no whole reply.
type AttemptError struct {
	// Sent is false when the attempt provably never got a connection to write
	// the request to: nothing can have come of it.
	Sent bool
	Err  error
}

func (e *AttemptError) Error() string { return e.Err.Error() }

func (e *AttemptError) Unwrap() error { return e.Err }

// ErrTooLarge is the error for a body over the size limit. Asking again would
// bring it again.
var ErrTooLarge = errors.New("reply is larger than chatbridge accepts")

var errDeadline = errors.New("no whole reply within the deadline of one attempt")

// Deadline gives each attempt that long for everything: connecting, writing,
// waiting, and reading the body, which it holds in memory up to limit bytes.
// A call that streams has that long each time until something of it moves; the
// body of what it reads is for the caller to read and close. Its errors are of
// type *AttemptError.
func Deadline(next http.RoundTripper, timeout time.Duration, limit int64) http.RoundTripper {
	return &deadline{next: next, timeout: timeout, limit: limit}
}

type deadline struct {
	next    http.RoundTripper
	timeout time.Duration
	limit   int64
}

func (d *deadline) RoundTrip(req *http.Request) (*http.Response, error) {
	if callOf(req).Stream {
		return d.stream(req)
	}
	ctx, cancel := context.WithTimeoutCause(req.Context(), d.timeout, errDeadline)
	defer cancel()

	var sent atomic.Bool
	resp, err := d.next.RoundTrip(req.WithContext(traced(ctx, &sent)))
	if err != nil {
		return nil, &AttemptError{Sent: sent.Load(), Err: explain(ctx, err)}
	}
	raw, err := d.read(resp)
	if err != nil {
		return nil, &AttemptError{Sent: true, Err: fmt.Errorf("read reply: %w", explain(ctx, err))}
	}
	hold(resp, raw)
	resp.Request = req
	return resp, nil
}

// traced notes in sent that the request got a connection.
func traced(ctx context.Context, sent *atomic.Bool) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { sent.Store(true) },
	})
}

func (d *deadline) read(resp *http.Response) ([]byte, error) {
	defer resp.Body.Close()
	buffer := buffers.Get().(*bytes.Buffer)
	defer release(buffer)
	if _, err := buffer.ReadFrom(io.LimitReader(resp.Body, d.limit+1)); err != nil {
		return nil, err
	}
	if int64(buffer.Len()) > d.limit {
		return nil, ErrTooLarge
	}
	return bytes.Clone(buffer.Bytes()), nil
}

// buffers are what bodies are read into, whose length is known at their end only. A
// body that grows as it comes is allocated and copied several times over; here it is
// copied once.
var buffers = sync.Pool{New: func() any { return &bytes.Buffer{} }}

// keptBuffer is the largest one that is kept: a page of a hundred usual messages has
// about 60 KB.
const keptBuffer = 1 << 20

func release(b *bytes.Buffer) {
	if b.Cap() <= keptBuffer {
		b.Reset()
		buffers.Put(b)
	}
}

// explain tells our own deadlines from the caller's.
func explain(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); errors.Is(cause, errDeadline) || errors.Is(cause, errIdle) {
		return cause
	}
	return err
}
