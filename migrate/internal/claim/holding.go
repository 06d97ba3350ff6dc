package claim

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"time"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/internal/drain"
)

// holding is a claim that this run has.
type holding struct {
	*Claims
	service string
	sid     string
	one     drain.Latch // held while the claim is renewed
	stop    func()      // ends the renewals and waits for them

	mu      sync.Mutex
	mark    Mark
	asked   time.Time // when the renewal was asked for that is good now
	trial   time.Time // when the first renewal after a lapse succeeded; zero if none did
	doubted time.Time // when a write ended of which nobody knows what became
	leaving bool      // the service is being deleted, and the claim with it
	gone    bool      // it was
	lost    error
}

func newHolding(t *taking, sid string, asked time.Time) *holding {
	return &holding{Claims: t.Claims, service: t.service, sid: sid, mark: t.mark, asked: asked, one: drain.NewLatch(), stop: func() {}}
}

var (
	errTaken  = errors.New("another run took over the claim, or somebody deleted it")
	errLapsed = errors.New("the claim on the service could not be renewed in time")
)

// begin renews the claim until it is released.
func (h *holding) begin(ctx context.Context) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var done sync.WaitGroup
	var lost <-chan struct{}
	if h.Claims.lease != nil {
		lost = h.Claims.lease.Lost()
	}
	done.Go(func() {
		next := renewEvery
		if h.permit() != nil {
			next = 0
		}
		for {
			timer := time.NewTimer(next)
			select {
			case <-ctx.Done():
				timer.Stop()
				return
			case <-lost:
				timer.Stop()
				h.lose(migrate.Fatal(h.Claims.lease.Permit()))
				return
			case <-timer.C:
			}
			if h.over() {
				return
			}
			next = renewEvery
			if h.renew(ctx) != nil {
				next = retryEvery
			}
		}
	})
	h.stop = func() {
		cancel()
		done.Wait()
	}
}

// renew says that we are at work. It is an error if nobody heard.
func (h *holding) renew(ctx context.Context) error {
	if err := h.one.Lock(ctx); err != nil {
		return err
	}
	defer h.one.Unlock()
	ctx, cancel := context.WithTimeoutCause(migrate.Ahead(ctx), renewing, errLapsed)
	defer cancel()
	h.mu.Lock()
	h.mark.Counter++
	text := h.mark.attributes()
	h.mu.Unlock()
	asked := time.Now()
	err := h.Target.SetConversation(ctx, h.service, conversations.Conversation{SID: h.sid, Attributes: text})
	if lost := h.heard(asked, err); lost != nil {
		h.lose(lost)
	}
	return err
}

// heard takes what came of a renewal, and returns why the claim is lost, if it is.
func (h *holding) heard(asked time.Time, err error) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case err == nil:
		h.renewed(asked)
	case migrate.KindOf(err) == migrate.NotFound && h.leaving:
		h.asked = asked // it went with the service, into which nobody else can write
	case migrate.KindOf(err) == migrate.NotFound:
		h.lost = migrate.Fatal(&migrate.Error{
			Op: "hold claim", Kind: migrate.Conflict, SID: h.service, Err: errTaken,
			Hint: "to see whether another run is active: chatbridge verify; then run the same command again to resume",
		})
	default:
		h.trial = time.Time{}
	}
	return h.lost
}

// renewed is called under the lock. A renewal that was asked for in time holds;
// after a lapse it takes two, because the claim may be about to be deleted by
// somebody who looked at it before the first.
func (h *holding) renewed(asked time.Time) {
	switch {
	case valid(h.asked, asked), !h.trial.IsZero() && asked.Sub(h.trial) >= swift:
		h.asked, h.trial = asked, time.Time{}
	case h.trial.IsZero():
		h.trial = time.Now()
	}
}

// valid reports whether a renewal is good at some time. A machine that sleeps
// stops one of its clocks, and somebody may set the other: the later one counts.
func valid(asked, now time.Time) bool {
	return !asked.IsZero() && now.Sub(asked) <= validFor && now.Round(0).Sub(asked.Round(0)) <= validFor
}

// permit says whether a write may be sent now.
func (h *holding) permit() error {
	if err := cmp.Or(h.Err(), h.Claims.permit()); err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.lost != nil:
		return h.lost
	case !valid(h.asked, time.Now()):
		return errLapsed
	}
	return nil
}

// ready waits until a write may be begun.
func (h *holding) ready(ctx context.Context) error {
	err := h.permit()
	if !errors.Is(err, errLapsed) {
		return err
	}
	defer migrate.Held(ctx, migrate.Claiming, "")()
	for began := time.Now(); ; {
		if err := h.Drain.Pass(ctx, time.Second); err != nil {
			return err
		}
		if err := h.permit(); !errors.Is(err, errLapsed) {
			return err
		}
		if time.Since(began) >= patience {
			return h.unheard()
		}
	}
}

// over reports whether there is nothing left to renew.
func (h *holding) over() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.gone || h.lost != nil
}

func (h *holding) whyLost() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.lost
}

// amend changes the mark, and reports whether that is worth a request.
func (h *holding) amend(change func(*Mark) bool) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return change(&h.mark)
}

// said returns when the target has the mark as it is. A renewal is given less time
// than other requests, so that it fails once in a while where they would not: it is
// tried again for as long as a write waits.
func (h *holding) said(ctx context.Context) error {
	for began := time.Now(); ; {
		if err := h.ready(ctx); err != nil {
			return err
		}
		err := h.renew(ctx)
		switch lost := h.whyLost(); {
		case lost != nil:
			return lost
		case err == nil || ctx.Err() != nil || !passing(err):
			return err
		case time.Since(began) >= patience:
			return h.unheard()
		}
		if err := h.Drain.Wait(ctx, retryEvery); err != nil {
			return err
		}
	}
}

// passing reports whether a renewal that failed may succeed when it is tried again.
// One that ran out of its own time is an interruption to the transport.
func passing(err error) bool {
	switch migrate.KindOf(err) {
	case migrate.Unavailable, migrate.Interrupted, migrate.InDoubt, migrate.Contended, migrate.Throttled:
		return true
	}
	return false
}

func (h *holding) unheard() error {
	return &migrate.Error{
		Op: "hold claim", Kind: migrate.Unavailable, SID: h.service, Err: errLapsed,
		Hint: "the service did not answer; run the same command again to resume",
	}
}

// ended notes how a write ended.
func (h *holding) ended(ctx context.Context, err error) {
	switch migrate.KindOf(err) {
	case migrate.InDoubt, migrate.Unavailable, migrate.Interrupted:
	default:
		if ctx.Err() == nil {
			return
		}
	}
	h.mu.Lock()
	h.doubted = time.Now()
	h.mu.Unlock()
}

// leave says that the service is being deleted, or is not after all.
func (h *holding) leave(leaving, gone bool) {
	h.mu.Lock()
	h.leaving, h.gone = leaving, gone
	h.mu.Unlock()
}
