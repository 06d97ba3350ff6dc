package lease

import (
	"context"
	"errors"
	"sync"
	"time"

	"chatbridge/migrate"
)

// Patience is how long a write waits for a lease that cannot be renewed.
const Patience = 10 * time.Minute

// Keeper keeps one lease. It is a [migrate.Lease].
type Keeper struct {
	length time.Duration
	renew  func(context.Context) error
	before migrate.Handover
	stop   func()
	lost   chan struct{}

	mu    sync.Mutex
	asked moment                            // before the renewal that is good now
	under map[*context.CancelCauseFunc]bool // what is under way
	why   error                             // it was lost
	moved chan struct{}                     // closed when it is renewed or lost
}

// moment is one moment by every clock.
type moment struct {
	time  time.Time // on the wall, and monotonic
	awake time.Duration
}

// now is this moment, to be taken before a lease is asked for.
func now() moment { return moment{time.Now(), awake()} }

// since is how long ago it was, by the clock that says longest.
func (m moment) since() time.Duration {
	t := now()
	return max(t.time.Sub(m.time), t.time.Round(0).Sub(m.time.Round(0)), t.awake-m.awake)
}

// Take asks for a lease and keeps it until it is stopped. grant asks the ledger, and
// says how the lease came here; renew fails with Kind Conflict if another process has
// it, and with anything else if the ledger did not answer.
func Take(ctx context.Context, length time.Duration, grant func(context.Context) (migrate.Handover, error), renew func(context.Context) error) (*Keeper, error) {
	asked := now()
	before, err := grant(ctx)
	if err != nil {
		return nil, err
	}
	k := &Keeper{
		length: length, renew: renew, before: before, lost: make(chan struct{}),
		asked: asked, under: map[*context.CancelCauseFunc]bool{}, moved: make(chan struct{}),
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var done sync.WaitGroup
	done.Go(func() { k.keep(ctx) })
	done.Go(func() { k.guard(ctx) })
	k.stop = func() {
		cancel()
		done.Wait()
	}
	return k, nil
}

// Stop ends the renewals, before the lease is given back.
func (k *Keeper) Stop() { k.stop() }

// keep renews the lease until it is stopped or lost.
func (k *Keeper) keep(ctx context.Context) {
	next := k.length / 3
	for {
		if !pass(ctx, next) {
			return
		}
		asked := now()
		attempt, cancel := context.WithTimeout(ctx, k.length/3)
		err := k.renew(attempt)
		cancel()
		switch {
		case err == nil:
			k.renewed(asked)
			next = k.length / 3
		case ctx.Err() != nil:
			return
		case migrate.KindOf(err) == migrate.Conflict:
			k.lose(err)
			return
		default:
			next = k.length / 12
		}
	}
}

// guard cuts off what is under way when the lease lapses.
func (k *Keeper) guard(ctx context.Context) {
	for {
		k.mu.Lock()
		left, moved := k.length-k.asked.since(), k.moved
		if left <= 0 {
			k.cut(errLapsed)
		}
		k.mu.Unlock()
		if left <= 0 { // until it is renewed
			select {
			case <-moved:
			case <-ctx.Done():
				return
			}
			continue
		}
		if !pass(ctx, left) {
			return
		}
	}
}

// cut is called under the lock.
func (k *Keeper) cut(why error) {
	for cancel := range k.under {
		(*cancel)(why)
	}
	clear(k.under)
}

func (k *Keeper) renewed(asked moment) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.asked = asked
	close(k.moved)
	k.moved = make(chan struct{})
}

func (k *Keeper) lose(err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.why != nil {
		return
	}
	k.why = err
	k.cut(err)
	close(k.moved)
	k.moved = make(chan struct{})
	close(k.lost)
}

// Lose says that the ledger refused a write, because another process has the lease.
func (k *Keeper) Lose(err error) { k.lose(err) }

var errLapsed = errors.New("the lease on the ledger could not be renewed in time")

// Permit is of migrate.Lease.
func (k *Keeper) Permit() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case k.why != nil:
		return k.why
	case k.asked.since() >= k.length:
		return &migrate.Error{
			Op: "hold lease", Kind: migrate.Unavailable, Err: errLapsed,
			Hint: "the ledger did not answer; run the same command again to resume",
		}
	}
	return nil
}

// Ready is of migrate.Lease.
func (k *Keeper) Ready(ctx context.Context) error {
	err := k.Permit()
	if !errors.Is(err, errLapsed) {
		return err
	}
	defer migrate.Held(ctx, migrate.Claiming, "the lease on the ledger cannot be renewed")()
	patience := time.NewTimer(Patience)
	defer patience.Stop()
	for {
		k.mu.Lock()
		moved := k.moved
		k.mu.Unlock()
		if err = k.Permit(); !errors.Is(err, errLapsed) {
			return err
		}
		select {
		case <-moved:
		case <-patience.C:
			return err
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// During is of migrate.Lease.
func (k *Keeper) During(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	under := &cancel
	k.mu.Lock()
	k.under[under] = true
	k.mu.Unlock()
	if err := k.Permit(); err != nil {
		cancel(err)
	}
	return ctx, func() {
		k.mu.Lock()
		delete(k.under, under)
		k.mu.Unlock()
		cancel(nil)
	}
}

// Lost is of migrate.Lease.
func (k *Keeper) Lost() <-chan struct{} { return k.lost }

// Before is of migrate.Lease.
func (k *Keeper) Before() migrate.Handover { return k.before }

// pass lets time pass, and says whether it did.
func pass(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
