package replay_test

import (
	"context"
	"iter"

	"chatbridge/mapping"
	"chatbridge/migrate"
)

// heldLedger leaves out only what no migration asks.
type heldLedger struct {
	migrate.Ledger
	c *calls
}

// found asks for a record that may not be there.
func found[T any](c *calls, name string, ask func() (T, bool, error)) (T, bool, error) {
	var there bool
	got, err := asked(c, name, func() (got T, err error) {
		got, there, err = ask()
		return got, err
	})
	return got, there && err == nil, err
}

func (h heldLedger) Service(ctx context.Context, sid string) (migrate.ServiceRecord, bool, error) {
	return found(h.c, "ledger Service", func() (migrate.ServiceRecord, bool, error) { return h.Ledger.Service(ctx, sid) })
}

func (h heldLedger) Services(ctx context.Context) ([]migrate.ServiceRecord, error) {
	return asked(h.c, "ledger Services", func() ([]migrate.ServiceRecord, error) { return h.Ledger.Services(ctx) })
}

func (h heldLedger) Entity(ctx context.Context, kind migrate.EntityKind, sid string) (migrate.EntityRecord, bool, error) {
	return found(h.c, "ledger Entity", func() (migrate.EntityRecord, bool, error) { return h.Ledger.Entity(ctx, kind, sid) })
}

func (h heldLedger) Entities(ctx context.Context, kind migrate.EntityKind, parent string) iter.Seq2[migrate.EntityRecord, error] {
	return listed(h.c, "ledger Entities", func() iter.Seq2[migrate.EntityRecord, error] { return h.Ledger.Entities(ctx, kind, parent) })
}

func (h heldLedger) Original(ctx context.Context, kind migrate.EntityKind, target string) (migrate.Original, bool, error) {
	return found(h.c, "ledger Original", func() (migrate.Original, bool, error) { return h.Ledger.Original(ctx, kind, target) })
}

func (h heldLedger) Attempt(ctx context.Context, kind migrate.EntityKind, sid string) (migrate.Attempt, bool, error) {
	return found(h.c, "ledger Attempt", func() (migrate.Attempt, bool, error) { return h.Ledger.Attempt(ctx, kind, sid) })
}

func (h heldLedger) Channel(ctx context.Context, sid string) (migrate.ChannelRecord, bool, error) {
	return found(h.c, "ledger Channel", func() (migrate.ChannelRecord, bool, error) { return h.Ledger.Channel(ctx, sid) })
}

func (h heldLedger) Channels(ctx context.Context, service string) iter.Seq2[migrate.ChannelRecord, error] {
	return listed(h.c, "ledger Channels", func() iter.Seq2[migrate.ChannelRecord, error] { return h.Ledger.Channels(ctx, service) })
}

func (h heldLedger) Messages(ctx context.Context, channel string, after int64) iter.Seq2[migrate.MessageRecord, error] {
	return listed(h.c, "ledger Messages", func() iter.Seq2[migrate.MessageRecord, error] { return h.Ledger.Messages(ctx, channel, after) })
}

func (h heldLedger) Newest(ctx context.Context, channel string) (migrate.MessageRecord, bool, error) {
	return found(h.c, "ledger Newest", func() (migrate.MessageRecord, bool, error) { return h.Ledger.Newest(ctx, channel) })
}

func (h heldLedger) AtOrBelow(ctx context.Context, channel string, index int64) (migrate.MessageRecord, bool, error) {
	return found(h.c, "ledger AtOrBelow", func() (migrate.MessageRecord, bool, error) { return h.Ledger.AtOrBelow(ctx, channel, index) })
}

func (h heldLedger) CountMessages(ctx context.Context, channel string) (int64, error) {
	return asked(h.c, "ledger CountMessages", func() (int64, error) { return h.Ledger.CountMessages(ctx, channel) })
}

func (h heldLedger) Doubts(ctx context.Context, channel string) ([]migrate.DoubtRecord, error) {
	return asked(h.c, "ledger Doubts", func() ([]migrate.DoubtRecord, error) { return h.Ledger.Doubts(ctx, channel) })
}

func (h heldLedger) Failures(ctx context.Context) iter.Seq2[migrate.Failure, error] {
	return listed(h.c, "ledger Failures", func() iter.Seq2[migrate.Failure, error] { return h.Ledger.Failures(ctx) })
}

func (h heldLedger) LastRun(ctx context.Context) (migrate.RunRecord, bool, error) {
	return found(h.c, "ledger LastRun", func() (migrate.RunRecord, bool, error) { return h.Ledger.LastRun(ctx) })
}

func (h heldLedger) Lookup(ctx context.Context, sid string) ([]migrate.Pair, error) {
	return asked(h.c, "ledger Lookup", func() ([]migrate.Pair, error) { return h.Ledger.Lookup(ctx, sid) })
}

func (h heldLedger) Identity(ctx context.Context) (migrate.LedgerIdentity, error) {
	return asked(h.c, "ledger Identity", func() (migrate.LedgerIdentity, error) { return h.Ledger.Identity(ctx) })
}

func (h heldLedger) PutService(ctx context.Context, r migrate.ServiceRecord) error {
	return h.c.do("ledger PutService", func() error { return h.Ledger.PutService(ctx, r) })
}

func (h heldLedger) PutEntity(ctx context.Context, r migrate.EntityRecord) error {
	return h.c.do("ledger PutEntity", func() error { return h.Ledger.PutEntity(ctx, r) })
}

func (h heldLedger) ForgetService(ctx context.Context, sid string) error {
	return h.c.do("ledger ForgetService", func() error { return h.Ledger.ForgetService(ctx, sid) })
}

func (h heldLedger) PutOriginal(ctx context.Context, o migrate.Original) error {
	return h.c.do("ledger PutOriginal", func() error { return h.Ledger.PutOriginal(ctx, o) })
}

func (h heldLedger) PutAttempt(ctx context.Context, a migrate.Attempt) error {
	return h.c.do("ledger PutAttempt", func() error { return h.Ledger.PutAttempt(ctx, a) })
}

func (h heldLedger) ForgetAttempt(ctx context.Context, kind migrate.EntityKind, sid string) error {
	return h.c.do("ledger ForgetAttempt", func() error { return h.Ledger.ForgetAttempt(ctx, kind, sid) })
}

func (h heldLedger) PutChannel(ctx context.Context, r migrate.ChannelRecord) error {
	return h.c.do("ledger PutChannel", func() error { return h.Ledger.PutChannel(ctx, r) })
}

func (h heldLedger) PutMessage(ctx context.Context, channel string, r migrate.MessageRecord) error {
	return h.c.do("ledger PutMessage", func() error { return h.Ledger.PutMessage(ctx, channel, r) })
}

func (h heldLedger) ForgetMessages(ctx context.Context, channel string, after int64) error {
	return h.c.do("ledger ForgetMessages", func() error { return h.Ledger.ForgetMessages(ctx, channel, after) })
}

func (h heldLedger) PutDoubt(ctx context.Context, channel string, d migrate.DoubtRecord) error {
	return h.c.do("ledger PutDoubt", func() error { return h.Ledger.PutDoubt(ctx, channel, d) })
}

func (h heldLedger) ForgetDoubt(ctx context.Context, channel string, index int64) error {
	return h.c.do("ledger ForgetDoubt", func() error { return h.Ledger.ForgetDoubt(ctx, channel, index) })
}

func (h heldLedger) PutFailure(ctx context.Context, f migrate.Failure) error {
	return h.c.do("ledger PutFailure", func() error { return h.Ledger.PutFailure(ctx, f) })
}

func (h heldLedger) ClearFailures(ctx context.Context, sid string) error {
	return h.c.do("ledger ClearFailures", func() error { return h.Ledger.ClearFailures(ctx, sid) })
}

func (h heldLedger) Findings(ctx context.Context) ([]migrate.FindingCount, error) {
	return asked(h.c, "ledger Findings", func() ([]migrate.FindingCount, error) { return h.Ledger.Findings(ctx) })
}

func (h heldLedger) LeftOut(ctx context.Context, owner, prefix string) (int64, error) {
	return asked(h.c, "ledger LeftOut", func() (int64, error) { return h.Ledger.LeftOut(ctx, owner, prefix) })
}

func (h heldLedger) PutFindings(ctx context.Context, found []migrate.FindingRecord) error {
	return h.c.do("ledger PutFindings", func() error { return h.Ledger.PutFindings(ctx, found) })
}

func (h heldLedger) ForgetFindings(ctx context.Context, owner string, severity mapping.Severity) error {
	return h.c.do("ledger ForgetFindings", func() error { return h.Ledger.ForgetFindings(ctx, owner, severity) })
}

func (h heldLedger) File(ctx context.Context, channelSID string, sourceIndex int64) (migrate.FileRecord, bool, error) {
	return found(h.c, "ledger File", func() (migrate.FileRecord, bool, error) { return h.Ledger.File(ctx, channelSID, sourceIndex) })
}

func (h heldLedger) PutRun(ctx context.Context, r migrate.RunRecord) error {
	return h.c.do("ledger PutRun", func() error { return h.Ledger.PutRun(ctx, r) })
}

func (h heldLedger) Sync(ctx context.Context) error {
	return h.c.do("ledger Sync", func() error { return h.Ledger.Sync(ctx) })
}
