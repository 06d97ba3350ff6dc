package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"
)

var errIdle = errors.New("nothing moved within the deadline of one attempt")

// stream is RoundTrip of a call that streams. Only the body of what is read goes
// on after it; a refusal, and the reply to an upload, are small and held.
func (d *deadline) stream(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(req.Context())
	m := &motion{within: d.timeout, cancel: cancel}
	m.timer = time.AfterFunc(d.timeout, func() { cancel(errIdle) })

	var sent atomic.Bool
	out := req.WithContext(traced(ctx, &sent))
	if req.Body != nil && req.Body != http.NoBody {
		out.Body = &moving{req.Body, m}
	}
	resp, err := d.next.RoundTrip(out)
	if err != nil {
		err = &AttemptError{Sent: sent.Load(), Err: explain(ctx, err)}
		m.end()
		return nil, err
	}
	body := moving{resp.Body, m}
	resp.Body, resp.Request = &body, req
	if isWrite(req) || resp.StatusCode >= 300 {
		defer m.end()
		raw, err := d.read(resp)
		if err != nil {
			return nil, &AttemptError{Sent: true, Err: fmt.Errorf("read reply: %w", explain(ctx, err))}
		}
		hold(resp, raw)
		return resp, nil
	}
	resp.Body = &download{body, ctx}
	return resp, nil
}

// motion ends an attempt of which nothing moves.
type motion struct {
	within time.Duration
	timer  *time.Timer
	cancel context.CancelCauseFunc
}

func (m *motion) moved() { m.timer.Reset(m.within) }

func (m *motion) end() {
	m.timer.Stop()
	m.cancel(nil)
}

// moving is a body that says when something of it moves.
type moving struct {
	io.ReadCloser
	motion *motion
}

func (b *moving) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if n > 0 {
		b.motion.moved()
	}
	return n, err
}

// download is the body of what is read. Closing it ends the attempt.
type download struct {
	moving
	ctx context.Context
}

func (d *download) Read(p []byte) (int, error) {
	n, err := d.moving.Read(p)
	if err != nil && err != io.EOF {
		err = &AttemptError{Sent: true, Err: fmt.Errorf("read reply: %w", explain(d.ctx, err))}
	}
	return n, err
}

func (d *download) Close() error {
	defer d.motion.end()
	return d.moving.Close()
}
