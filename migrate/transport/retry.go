package transport

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/retrypolicy"

	"chatbridge/migrate"
)

// Patience bounds how long a call is tried. Zero fields take the defaults.
type Patience struct {
	Attempts  int           // Defaults to 10.
	Elapsed   time.Duration // Defaults to 2 minutes: no attempt begins later.
	FirstWait time.Duration // Defaults to 500 ms; each wait doubles the one before.
	MaxWait   time.Duration // Defaults to 30 s; a Retry-After may ask for more.

	// Jitter draws what is added to a wait, from 0 to most, so that callers who
	// failed together do not return together. It is called from many goroutines.
	//
	// Defaults to a random one; Seeded draws the same again.
	Jitter func(most time.Duration) time.Duration
}

func (p Patience) withDefaults() Patience {
	if p.Attempts <= 0 {
		p.Attempts = 10
	}
	if p.Elapsed <= 0 {
		p.Elapsed = 2 * time.Minute
	}
	if p.FirstWait <= 0 {
		p.FirstWait = 500 * time.Millisecond
	}
	if p.MaxWait <= 0 {
		p.MaxWait = 30 * time.Second
	}
	if p.Jitter == nil {
		p.Jitter = random
	}
	return p
}

// Retry repeats attempts as the class of the call allows.
//
// A Read and an Ensure are repeated after any error of the network, 408, 429,
// 5xx, any code that says "too many" or "someone else is writing", and a reply
// that the call's Check does not accept; an Ensure also after 202, which says
// that a write was taken and not what became of it. An Append is repeated only
// where it provably did not commit: nothing was sent, or "too many". A 5xx says
// neither, whatever header or code it bears: whoever answers for the service
// need not know what the service did. Any class is repeated, twice at most,
// after a 401 that follows a success: an authentication service that falters
// must not end a run of hours.
//
// It waits at least as long as a Retry-After asks. One that asks for more time
// than Patience has left ends the call: to ask sooner would be to ask against
// the service's word.
//
// What remains in the end is returned as it came: the last reply or the last
// error.
func Retry(next http.RoundTripper, p Patience, c *Counter) http.RoundTripper {
	return &retry{next: next, patience: p.withDefaults(), counter: c}
}

// executor repeats what has been going on for some time already.
func (r *retry) executor(since time.Duration) failsafe.Executor[attempt] {
	return failsafe.With(retrypolicy.NewBuilder[attempt]().
		HandleIf(func(a attempt, err error) bool { return a.repeatable(err) && r.inTime(a) }).
		WithDelayFunc(r.wait).
		WithMaxAttempts(r.patience.Attempts).
		WithMaxDuration(max(1, r.patience.Elapsed-since)). // 0 would be for ever
		ReturnLastFailure().
		OnRetryScheduled(func(e failsafe.ExecutionScheduledEvent[attempt]) {
			r.counter.retry(e.Delay, throttled(e.LastResult().resp))
			last := e.LastResult()
			migrate.Waiting(last.ctx, e.Delay)
			last.try.Again(last.trouble(e.LastError()))
			if last.call.Class != Read && last.mayHaveLanded(e.LastError()) {
				migrate.NoteDoubt(last.ctx)
			}
		}).
		Build())
}

// doubts is how many attempts may end with 401 where the credentials were
// accepted before.
const doubts = 3

type retry struct {
	next     http.RoundTripper
	patience Patience
	counter  *Counter
	trusted  atomic.Bool // the credentials were accepted once
}

type attempt struct {
	call    Call
	ctx     context.Context
	try     *migrate.Try
	resp    *http.Response
	began   time.Time // the call, not the attempt
	refused int       // attempts so far that ended with 401
	trusted bool
}

// RoundTrip makes the first attempt by itself. Almost every call ends with it, and
// what repeats a call costs as much as the rest of this package.
func (r *retry) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	if ctx.Err() != nil {
		return nil, &AttemptError{Sent: false, Err: context.Cause(ctx)}
	}
	waited, try := migrate.Trying(ctx, req.URL.Host)
	defer try.End()
	req = req.WithContext(waited)
	first, err := r.attempt(req, attempt{call: callOf(req), ctx: ctx, try: try, began: time.Now()}, true)
	if !first.repeatable(err) {
		return first.resp, err
	}
	since := time.Since(first.began)
	if since > r.patience.Elapsed && ctx.Err() == nil {
		return first.resp, err
	}
	return r.again(req, first, err, since)
}

// again goes on after the first attempt. It returns what the last attempt brought,
// not what the executor says: where the context ends while a reply arrives the
// executor drops the reply, and with it the knowledge that a write landed.
func (r *retry) again(req *http.Request, last attempt, lastErr error, since time.Duration) (*http.Response, error) {
	ctx := last.ctx
	_, err := r.executor(since).WithContext(ctx).GetWithExecution(func(e failsafe.Execution[attempt]) (attempt, error) {
		if !e.IsFirstAttempt() {
			last, lastErr = r.attempt(req, last, false)
		}
		return last, lastErr
	})
	if err != nil && ctx.Err() != nil && last.repeatable(lastErr) {
		// The wait for another attempt was cut short. An Append waits only where
		// nothing can have come of the attempt before.
		return nil, &AttemptError{Sent: last.call.Class != Append, Err: context.Cause(ctx)}
	}
	return last.resp, lastErr
}

// attempt is one more after a.
func (r *retry) attempt(req *http.Request, a attempt, first bool) (attempt, error) {
	a.trusted = r.trusted.Load()
	var err error
	a.resp, err = r.try(req, first)
	if err == nil && a.resp.StatusCode == http.StatusUnauthorized {
		a.refused++
	}
	return a, err
}

func (r *retry) try(req *http.Request, first bool) (*http.Response, error) {
	again, err := rewind(req, first)
	if err != nil {
		return nil, err
	}
	resp, err := r.next.RoundTrip(again)
	if err == nil && resp.StatusCode < 300 {
		r.trusted.Store(true)
	}
	return resp, err
}

var errRewind = errors.New("request body cannot be sent again")

func rewind(req *http.Request, first bool) (*http.Request, error) {
	if first || req.Body == nil || req.Body == http.NoBody {
		return req, nil
	}
	if req.GetBody == nil {
		return nil, errRewind
	}
	body, err := req.GetBody()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errRewind, err)
	}
	again := req.Clone(req.Context())
	again.Body = body
	return again, nil
}

func (a attempt) repeatable(err error) bool {
	if err != nil {
		if errors.Is(err, errRewind) || errors.Is(err, ErrTooLarge) || errors.Is(err, ErrReadOnly) {
			return false
		}
		return a.call.Class != Append || !Sent(err)
	}
	status := a.resp.StatusCode
	switch {
	case a.call.Class == Append && status >= 500:
		return false
	case throttled(a.resp):
		return true
	case status == http.StatusUnauthorized:
		return a.trusted && a.refused < doubts
	case a.call.Class == Append:
		return false
	case a.call.Class == Ensure && status == http.StatusAccepted:
		return true
	case status >= 500, status == http.StatusRequestTimeout, contended(codeOf(a.resp)):
		return true
	}
	return status < 300 && !a.accepted()
}

// trouble is why an attempt is made again, and the status of its reply.
func (a attempt) trouble(err error) (migrate.Cause, int) {
	if err != nil {
		switch {
		case errors.Is(err, errUnpermitted):
			return migrate.Claiming, 0
		case Sent(err):
			return migrate.Silent, 0
		}
		return migrate.Unreachable, 0
	}
	if throttled(a.resp) {
		return migrate.Throttling, a.resp.StatusCode
	}
	return migrate.Failing, a.resp.StatusCode
}

// mayHaveLanded reports whether a write may have taken effect, or may yet.
func (a attempt) mayHaveLanded(err error) bool {
	if err != nil {
		return Sent(err)
	}
	return a.resp.StatusCode >= 500 || a.resp.StatusCode == http.StatusRequestTimeout || a.resp.StatusCode < 300
}

func (a attempt) accepted() bool {
	if a.call.Check == nil {
		return true
	}
	raw, err := Body(a.resp)
	return err == nil && a.call.Check(raw) == nil
}

// Sent reports whether a request that ended with err may have reached the
// service. Where nothing is known it says that it may.
func Sent(err error) bool {
	if e, ok := errors.AsType[*AttemptError](err); ok {
		return e.Sent
	}
	if errors.Is(err, ErrReadOnly) {
		return false
	}
	if e, ok := errors.AsType[*net.OpError](err); ok {
		return e.Op != "dial"
	}
	return true
}
