package rig

import (
	"context"
	"errors"
	"iter"
	"sync"

	"chatbridge/mapping"
	"chatbridge/migrate"
)

// ErrTorn is what a Torn ledger answers.
var ErrTorn = errors.New("the disk is full")

// Torn is a ledger of which one call fails, as a full disk would have it, and
// every write after that one.
type Torn struct {
	migrate.Ledger
	At int // the how many-th call, from 1; 0 lets all pass

	mu   sync.Mutex
	seen int
	hit  string
}

// Hit is the call that failed; empty if there were fewer.
func (l *Torn) Hit() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.hit
}

func (l *Torn) tear(call string, write bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seen++
	if l.At == 0 || l.seen < l.At || l.seen > l.At && !write {
		return nil
	}
	if l.hit == "" {
		l.hit = call
	}
	return &migrate.Error{Op: call, Kind: migrate.Failed, Err: ErrTorn}
}

func torn[T any](l *Torn, call string, seq iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		if err := l.tear(call, false); err != nil {
			var none T
			yield(none, err)
			return
		}
		seq(yield)
	}
}

func (l *Torn) Service(ctx context.Context, sid string) (migrate.ServiceRecord, bool, error) {
	if err := l.tear("read service", false); err != nil {
		return migrate.ServiceRecord{}, false, err
	}
	return l.Ledger.Service(ctx, sid)
}

func (l *Torn) Services(ctx context.Context) ([]migrate.ServiceRecord, error) {
	if err := l.tear("read services", false); err != nil {
		return nil, err
	}
	return l.Ledger.Services(ctx)
}

func (l *Torn) Entity(ctx context.Context, kind migrate.EntityKind, sid string) (migrate.EntityRecord, bool, error) {
	if err := l.tear("read entity", false); err != nil {
		return migrate.EntityRecord{}, false, err
	}
	return l.Ledger.Entity(ctx, kind, sid)
}

func (l *Torn) Entities(ctx context.Context, kind migrate.EntityKind, parentSID string) iter.Seq2[migrate.EntityRecord, error] {
	return torn(l, "read entities", l.Ledger.Entities(ctx, kind, parentSID))
}

func (l *Torn) Original(ctx context.Context, kind migrate.EntityKind, targetSID string) (migrate.Original, bool, error) {
	if err := l.tear("read original", false); err != nil {
		return migrate.Original{}, false, err
	}
	return l.Ledger.Original(ctx, kind, targetSID)
}

func (l *Torn) Originals(ctx context.Context, serviceSID string) iter.Seq2[migrate.Original, error] {
	return torn(l, "read originals", l.Ledger.Originals(ctx, serviceSID))
}

func (l *Torn) Attempt(ctx context.Context, kind migrate.EntityKind, sourceSID string) (migrate.Attempt, bool, error) {
	if err := l.tear("read attempt", false); err != nil {
		return migrate.Attempt{}, false, err
	}
	return l.Ledger.Attempt(ctx, kind, sourceSID)
}

func (l *Torn) Attempts(ctx context.Context, serviceSID string) iter.Seq2[migrate.Attempt, error] {
	return torn(l, "read attempts", l.Ledger.Attempts(ctx, serviceSID))
}

func (l *Torn) Lookup(ctx context.Context, sid string) ([]migrate.Pair, error) {
	if err := l.tear("look up", false); err != nil {
		return nil, err
	}
	return l.Ledger.Lookup(ctx, sid)
}

func (l *Torn) Identity(ctx context.Context) (migrate.LedgerIdentity, error) {
	if err := l.tear("read identity", false); err != nil {
		return migrate.LedgerIdentity{}, err
	}
	return l.Ledger.Identity(ctx)
}

func (l *Torn) Channel(ctx context.Context, sid string) (migrate.ChannelRecord, bool, error) {
	if err := l.tear("read channel", false); err != nil {
		return migrate.ChannelRecord{}, false, err
	}
	return l.Ledger.Channel(ctx, sid)
}

func (l *Torn) Channels(ctx context.Context, serviceSID string) iter.Seq2[migrate.ChannelRecord, error] {
	return torn(l, "read channels", l.Ledger.Channels(ctx, serviceSID))
}

func (l *Torn) Messages(ctx context.Context, channelSID string, after int64) iter.Seq2[migrate.MessageRecord, error] {
	return torn(l, "read messages", l.Ledger.Messages(ctx, channelSID, after))
}

func (l *Torn) LastRun(ctx context.Context) (migrate.RunRecord, bool, error) {
	if err := l.tear("read run", false); err != nil {
		return migrate.RunRecord{}, false, err
	}
	return l.Ledger.LastRun(ctx)
}

// write does what is asked unless it is the call that fails.
func (l *Torn) write(call string, do func() error) error {
	if err := l.tear(call, true); err != nil {
		return err
	}
	return do()
}

func (l *Torn) PutService(ctx context.Context, r migrate.ServiceRecord) error {
	return l.write("put service", func() error { return l.Ledger.PutService(ctx, r) })
}

func (l *Torn) ForgetService(ctx context.Context, sid string) error {
	return l.write("forget service", func() error { return l.Ledger.ForgetService(ctx, sid) })
}

func (l *Torn) PutEntity(ctx context.Context, r migrate.EntityRecord) error {
	return l.write("put entity", func() error { return l.Ledger.PutEntity(ctx, r) })
}

func (l *Torn) ForgetEntity(ctx context.Context, kind migrate.EntityKind, sid string) error {
	return l.write("forget entity", func() error { return l.Ledger.ForgetEntity(ctx, kind, sid) })
}

func (l *Torn) PutOriginal(ctx context.Context, o migrate.Original) error {
	return l.write("put original", func() error { return l.Ledger.PutOriginal(ctx, o) })
}

func (l *Torn) ForgetOriginal(ctx context.Context, kind migrate.EntityKind, targetSID string) error {
	return l.write("forget original", func() error { return l.Ledger.ForgetOriginal(ctx, kind, targetSID) })
}

func (l *Torn) ForgetAttempt(ctx context.Context, kind migrate.EntityKind, sourceSID string) error {
	return l.write("forget attempt", func() error { return l.Ledger.ForgetAttempt(ctx, kind, sourceSID) })
}

func (l *Torn) PutChannel(ctx context.Context, r migrate.ChannelRecord) error {
	return l.write("put channel", func() error { return l.Ledger.PutChannel(ctx, r) })
}

func (l *Torn) PutMessage(ctx context.Context, channelSID string, r migrate.MessageRecord) error {
	return l.write("put message", func() error { return l.Ledger.PutMessage(ctx, channelSID, r) })
}

func (l *Torn) ForgetMessages(ctx context.Context, channelSID string, after int64) error {
	return l.write("forget messages", func() error { return l.Ledger.ForgetMessages(ctx, channelSID, after) })
}

func (l *Torn) PutFailure(ctx context.Context, f migrate.Failure) error {
	return l.write("put failure", func() error { return l.Ledger.PutFailure(ctx, f) })
}

func (l *Torn) PutFindings(ctx context.Context, found []migrate.FindingRecord) error {
	return l.write("put findings", func() error { return l.Ledger.PutFindings(ctx, found) })
}

func (l *Torn) ForgetFindings(ctx context.Context, owner string, severity mapping.Severity) error {
	return l.write("forget findings", func() error { return l.Ledger.ForgetFindings(ctx, owner, severity) })
}

func (l *Torn) ClearFailures(ctx context.Context, sid string) error {
	return l.write("clear failures", func() error { return l.Ledger.ClearFailures(ctx, sid) })
}
