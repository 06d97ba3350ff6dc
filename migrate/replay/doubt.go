package replay

import (
	"context"
	"slices"
	"time"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/origin"
)

// doubtKept is how long a write without an answer is looked for by later runs. No
// service documents how late one may land; a day is longer than any queue is
// known to hold one.
const doubtKept = 24 * time.Hour

// knowledge is what a lane knows of its conversation before it looks.
type knowledge struct {
	birth  origin.Birth
	doubts []migrate.DoubtRecord // of messages

	crashed bool // somebody may have written behind the last confirmed message and died
	unsure  bool // one reading may show less of ours than there is
	alone   bool // nobody else had written before the last confirmed message

	before int64 // source index of the last message that an earlier lane confirmed

	gone map[int64]bool // source indexes of messages that are known to be deleted in the target
}

// recall takes from the ledger what it knows. A channel whose lane ended in good
// order had nothing in flight but what is in doubt: every lane notes that it
// begins before it writes.
func (l *lane) recall(ctx context.Context) error {
	l.waited, l.gone, l.told, l.named = -1, map[int64]bool{}, map[string]bool{}, map[string]bool{}
	l.instead = map[int64]conversations.Message{}
	l.birth = origin.BornAt(l.Record.BornAt)
	unfinished := l.Record.TargetSID != "" && l.Record.Stage != migrate.Done
	l.crashed = unfinished && l.Record.Writing
	l.alone = l.Record.Stage == migrate.Done && l.Record.Alone
	all, err := l.Ledger.Doubts(ctx, l.Channel.SID)
	if err != nil {
		return migrate.Fatal(err)
	}
	for _, d := range all {
		if d.At.IsZero() { // of a ledger that did not note it
			d.At = time.Now()
			if err := l.putDoubt(ctx, d); err != nil {
				return err
			}
		}
		if time.Since(d.At) > doubtKept {
			if err := l.Ledger.ForgetDoubt(ctx, l.Channel.SID, d.SourceIndex); err != nil {
				return migrate.Fatal(err)
			}
			continue
		}
		if d.SourceIndex == migrate.NewConversation {
			l.Neighbours.Spare()
			continue
		}
		l.doubts = append(l.doubts, d)
	}
	l.unsure = unfinished && (l.crashed || l.Record.Adopted || len(l.doubts) > 0)
	return nil
}

// sent is the doubts as they are compared.
func (l *lane) sent() []origin.Doubt {
	var all []origin.Doubt
	for _, d := range l.doubts {
		all = append(all, origin.Doubt{SourceIndex: d.SourceIndex, After: d.After, Sends: d.Sends})
	}
	return all
}

// doubt notes that a message may have been sent, before anything else happens.
func (l *lane) doubt(ctx context.Context, sourceIndex int64) error {
	at := l.doubtOf(sourceIndex)
	if at < 0 {
		at = len(l.doubts)
		l.doubts = append(l.doubts, migrate.DoubtRecord{SourceIndex: sourceIndex, After: l.last})
	}
	l.doubts[at].Sends++
	l.doubts[at].At = time.Now()
	return l.putDoubt(ctx, l.doubts[at])
}

func (l *lane) doubtOf(sourceIndex int64) int {
	return slices.IndexFunc(l.doubts, func(d migrate.DoubtRecord) bool { return d.SourceIndex == sourceIndex })
}

// putDoubt is not cut off with the lane: what is in doubt has to be known by the
// next one.
func (l *lane) putDoubt(ctx context.Context, d migrate.DoubtRecord) error {
	return migrate.Fatal(l.Ledger.PutDoubt(context.WithoutCancel(ctx), l.Channel.SID, d))
}

// found takes one of the sends of a message out of doubt: it landed.
func (l *lane) found(ctx context.Context, sourceIndex int64) error {
	at := l.doubtOf(sourceIndex)
	if at < 0 {
		return nil
	}
	if l.doubts[at].Sends--; l.doubts[at].Sends > 0 {
		return l.putDoubt(ctx, l.doubts[at])
	}
	l.doubts = slices.Delete(l.doubts, at, at+1)
	return migrate.Fatal(l.Ledger.ForgetDoubt(ctx, l.Channel.SID, sourceIndex))
}
