package claim

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"math"
	"os"
	"sync"
	"time"

	"chatbridge/migrate"
	"chatbridge/migrate/internal/drain"
)

// Options are what a verb holds its claims with.
type Options struct {
	Target   migrate.Target
	Ledger   migrate.LedgerReader // locked for writing; nil if the verb has none
	Verb     string               // migrate, undo, verify --repair
	Settle   time.Duration
	Observer migrate.Observer
	Drain    drain.Signal

	// Unrecorded is a verb that its ledger is not told of. Who finds what it left waits
	// until nothing of it can land any more; after others the ledger says how long.
	Unrecorded bool

	// Lost is told, once, that a claim is another's: the verb must end at once.
	// May be nil.
	Lost func(error)

	// Unanswered is told of each write that may still take effect when the Guard has
	// returned, but not of a message without an answer: whoever sent it is told, and
	// keeps it in doubt. May be nil.
	Unanswered func()
}

// Claims are those of one verb, on its way through one process.
type Claims struct {
	Options
	run   string
	lease migrate.Lease // nil if no other machine can have the ledger

	mu     sync.Mutex
	ledger *migrate.LedgerIdentity // nil until it was asked for
	held   map[string]*holding     // by service
	lost   error
}

// New holds nothing yet, and sends nothing.
func New(o Options) *Claims {
	o.Observer = migrate.Observed(o.Observer)
	c := &Claims{Options: o, run: rand.Text(), held: map[string]*holding{}}
	if l, leased := o.Ledger.(migrate.Leased); leased {
		c.lease = l.Lease()
	}
	return c
}

// Take claims a service for what is brought over from a source service, or fails
// with Kind Conflict and names who has it. To claim again what is held is no
// error. keep is given the push notifications that a run before left off, before
// the claim that tells of them is deleted; it may be nil.
//
// Whatever was read of the service before may be out of date.
func (c *Claims) Take(ctx context.Context, serviceSID, sourceSID string, keep func(notifications json.RawMessage) error) error {
	if c.of(serviceSID) != nil {
		return c.Err()
	}
	if err := c.Drain.Proceed(ctx); err != nil {
		return err
	}
	mark, err := c.mark(ctx, sourceSID)
	if err != nil {
		return err
	}
	t := &taking{Claims: c, service: serviceSID, mark: mark, keep: keep}
	h, err := t.take(ctx)
	if err != nil {
		return err
	}
	c.mu.Lock()
	c.held[serviceSID] = h
	c.mu.Unlock()
	h.begin(ctx)
	return nil
}

// Quiet fails with Kind Conflict if another run is at work in a service for what
// is brought over from a source service. It is asked before another service is
// made for that.
func (c *Claims) Quiet(ctx context.Context, serviceSID, sourceSID string) error {
	seen, found, err := Look(ctx, c.Target, serviceSID)
	if err != nil || !found || !seen.Live(c.Settle) || seen.Run == c.run || seen.Source != sourceSID {
		return err
	}
	mark, err := c.mark(ctx, sourceSID)
	if err != nil {
		return err
	}
	t := &taking{Claims: c, service: serviceSID, mark: mark}
	if t.left(seen.Mark) {
		return nil
	}
	_, _, err = t.watch(ctx, seen)
	return err
}

// mark is how a claim of this run begins.
func (c *Claims) mark(ctx context.Context, sourceSID string) (Mark, error) {
	host, _ := os.Hostname()
	m := Mark{Run: c.run, Verb: c.Verb, Host: host, PID: os.Getpid(), Source: sourceSID, Settle: int64(math.Ceil(c.Settle.Seconds())), Unrecorded: c.Unrecorded}
	if c.Ledger == nil {
		return m, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ledger == nil {
		id, err := c.Ledger.Identity(ctx)
		if err != nil {
			return m, migrate.Fatal(err)
		}
		c.ledger = &id
	}
	m.Ledger, m.File = c.ledger.ID, c.ledger.File
	return m, nil
}

func (c *Claims) of(serviceSID string) *holding {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.held[serviceSID]
}

// Note has the claim of a service say what its push notifications were, before
// they are put off: when it returns the target has it. Nil says that they are
// back, which takes no request.
func (c *Claims) Note(ctx context.Context, serviceSID string, notifications json.RawMessage) error {
	h := c.of(serviceSID)
	if h == nil {
		return errUnclaimed(serviceSID)
	}
	if !h.amend(func(m *Mark) bool {
		same := string(m.Notifications) == string(notifications)
		m.Notifications = notifications
		return !same && len(notifications) > 0
	}) {
		return nil
	}
	return h.said(ctx)
}

// begin waits until a write may be begun, by everything but a claim.
func (c *Claims) begin(ctx context.Context) error {
	if err := cmp.Or(c.Err(), c.Drain.Unpaused(ctx)); err != nil || c.lease == nil {
		return err
	}
	if err := c.lease.Ready(ctx); err != nil {
		if migrate.KindOf(err) == migrate.Conflict {
			c.lose(migrate.Fatal(err))
		}
		return err
	}
	return nil
}

// permit says whether a write may be sent now, by everything but a claim.
func (c *Claims) permit() error {
	if c.lease == nil {
		return nil
	}
	return c.lease.Permit()
}

// late notes a message that was answered when the lease was another's: whoever has it
// may have sent the same one.
func (c *Claims) late(ctx context.Context, s migrate.Stray) error {
	if c.lease == nil {
		return nil
	}
	err := c.lease.Permit()
	if err != nil {
		// It lapsed meanwhile, and only the ledger knows whether another process took it.
		err = c.lease.Ready(ctx)
	}
	if migrate.KindOf(err) != migrate.Conflict {
		return nil // nobody wrote since
	}
	l, _ := c.Ledger.(migrate.Leased)
	if failed := l.PutStray(context.WithoutCancel(ctx), s); failed != nil {
		c.event(migrate.Warning, "a message was sent after the lease on the ledger was another's, which could not be noted",
			migrate.KeyConversation, s.Conversation, "message", s.Message, migrate.KeyReason, failed.Error())
	}
	return migrate.Fatal(err)
}

// Err is why the verb must end, if a claim was lost.
func (c *Claims) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lost
}

func (c *Claims) lose(err error) {
	c.mu.Lock()
	first := c.lost == nil
	if first {
		c.lost = err
	}
	c.mu.Unlock()
	if first && c.Lost != nil {
		c.Lost(err)
	}
}

// Release lets go of everything. A claim whose service may still be reached by a
// write of ours is left to expire. Its error is that the key may not remove one: then
// every run leaves its claim, and the next one waits for it.
func (c *Claims) Release(ctx context.Context) error {
	c.mu.Lock()
	all := c.held
	c.held = map[string]*holding{}
	c.mu.Unlock()
	limit := renewing
	if ctx.Err() != nil {
		limit = hurried
	}
	ctx, cancel := context.WithTimeout(migrate.Ahead(context.WithoutCancel(ctx)), limit)
	defer cancel()
	var wait sync.WaitGroup
	denied := make(chan error, len(all))
	for _, h := range all {
		wait.Go(func() {
			if err := h.release(ctx); migrate.KindOf(err) == migrate.Credentials {
				denied <- err
			}
		})
	}
	wait.Wait()
	close(denied)
	return <-denied
}

func (c *Claims) event(level migrate.Level, message string, fields ...any) {
	c.Observer.Event(migrate.Event{Level: level, Message: message, Fields: fields})
}

func errUnclaimed(serviceSID string) error {
	return &migrate.Error{Op: "write", Kind: migrate.Failed, SID: serviceSID, Err: errors.New("the service was not claimed"), Hint: "report this as a bug: chatbridge must not write into a service without its claim"}
}

// conflict says that somebody else has a service.
func conflict(serviceSID string, s Seen, settle time.Duration) error {
	return &migrate.Error{
		Op: "claim service", Kind: migrate.Conflict, SID: serviceSID,
		Err: errors.New("another run writes into it: " + s.Who()),
		Hint: "wait for that run, or stop it there, then run the same command again; if it is dead, its claim " + s.SID +
			" expires " + s.expiry(settle).String() + " after it was seen last",
	}
}
