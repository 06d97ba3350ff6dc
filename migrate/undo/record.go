package undo

import (
	"context"
	"encoding/json"

	"chatbridge/migrate"
	"chatbridge/migrate/internal/runrecord"
)

// command is what the record and the result of an undo say of it.
const command = "undo"

// progress is what status reads.
type progress struct {
	Command string           `json:"command"`
	Done    int64            `json:"done"`   // channels
	Totals  map[string]int64 `json:"totals"` // channels that had arrived
}

// begin has the ledger know that the undo is at work, before its first write. One that
// writes nothing leaves the last run as it is: the target is still as that one left it.
func (u *undo) begin(ctx context.Context) error {
	u.noting.Lock()
	defer u.noting.Unlock()
	if u.record != nil {
		return nil
	}
	var err error
	u.record, err = runrecord.Begin(ctx, runrecord.Options{
		Ledger: u.Record, Began: u.started, Settle: u.set.Settle, Progress: u.progress, Failed: u.fail,
	})
	return migrate.Fatal(err)
}

// end has the ledger know what the undo came to, if it came to its end or had begun to
// write.
func (u *undo) end(ctx context.Context, done Undone, failed error) error {
	if !u.Execute || failed != nil && u.record == nil {
		return nil
	}
	if err := u.begin(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	return u.record.End(ctx, migrate.UndoneStatus, u.unanswered.Last(), done)
}

// fail ends the undo at once.
func (u *undo) fail(err error) {
	u.mu.Lock()
	u.failed = err
	u.mu.Unlock()
	u.cut(err)
}

// why is the error of an undo that ended with err: its own, if it was cut.
func (u *undo) why(err error) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.failed != nil {
		return u.failed
	}
	return err
}

func (u *undo) progress() []byte {
	u.mu.Lock()
	c := u.counts[migrate.KindChannels]
	u.mu.Unlock()
	p := progress{Command: command, Done: c.Done + c.Gone, Totals: map[string]int64{migrate.KindChannels: max(u.channels, c.Delete+c.Gone+c.Keep)}}
	raw, err := json.Marshal(p)
	if err != nil {
		panic(err) // numbers under text keys always encode
	}
	return raw
}

// count counts the channels that are to be undone.
func (u *undo) count(ctx context.Context, selected []migrate.ServiceRecord) error {
	for _, s := range selected {
		for c, err := range u.Ledger.Channels(ctx, s.SourceSID) {
			if err != nil {
				return err
			}
			if c.TargetSID != "" {
				u.channels++
			}
		}
	}
	return nil
}
