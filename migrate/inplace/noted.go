package inplace

import (
	"context"
	"encoding/json"
	"sync"
	"sync/atomic"
	"time"

	"chatbridge/migrate"
	"chatbridge/migrate/internal/drain"
	"chatbridge/migrate/internal/runrecord"
)

// command is what the record and the result of a run say of it.
const command = "migrate --in-place"

// Noted is a promotion, and the additions after it, as one run that the ledger knows of.
// It observes both of them, for whoever looks how far it is.
type Noted struct {
	migrate.Observer

	// Settle is what the run before gave its writes, if that is longer than what this
	// one was told.
	Settle time.Duration
	// Settled is when nothing that the run before left in flight can land any more. Zero
	// if there was none.
	Settled time.Time

	record *runrecord.Run
	total  atomic.Int64 // channels
	done   atomic.Int64

	mu     sync.Mutex
	failed error
	cut    func(error)
}

// Note records that a run begins over so many channels. cut is told if the ledger fails:
// the run must end then.
func Note(ctx context.Context, l migrate.Ledger, settle time.Duration, channels int64, o migrate.Observer, cut func(error)) (*Noted, error) {
	last, before, err := drain.LastRun(ctx, l)
	if err != nil {
		return nil, err
	}
	n := &Noted{Observer: migrate.Observed(o), Settle: last.SettleAfter(settle), cut: cut}
	n.total.Store(channels)
	began := time.Now()
	if before {
		n.Settled = drain.SettledAt(last, began, n.Settle)
	}
	n.record, err = runrecord.Begin(ctx, runrecord.Options{
		Ledger: l, Began: began, Settle: n.Settle, Progress: n.progress, Failed: n.fail,
	})
	return n, err
}

// End records what the run came to. Its error is that of the run, or why it was cut.
func (n *Noted) End(ctx context.Context, r *Result, err error) error {
	n.mu.Lock()
	if n.failed != nil {
		err, r.Status = n.failed, migrate.FailedStatus
	}
	n.mu.Unlock()
	n.done.Store(r.Visible + r.Before + r.Promoted)
	n.total.Store(r.Channels)
	if failed := n.record.End(ctx, r.Status, time.Time{}, r); err == nil {
		err = failed
	}
	return err
}

func (n *Noted) Done(kind string, more int64) {
	if kind == migrate.KindChannels {
		n.done.Add(more)
	}
	n.Observer.Done(kind, more)
}

func (n *Noted) fail(err error) {
	n.mu.Lock()
	n.failed = err
	n.mu.Unlock()
	n.cut(err)
}

func (n *Noted) progress() []byte {
	raw, err := json.Marshal(struct {
		Command string           `json:"command"`
		Done    int64            `json:"done"` // channels
		Totals  map[string]int64 `json:"totals"`
	}{command, n.done.Load(), map[string]int64{migrate.KindChannels: n.total.Load()}})
	if err != nil {
		panic(err) // numbers under text keys always encode
	}
	return raw
}
