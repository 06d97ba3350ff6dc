package replay

import (
	"context"
	"fmt"
	"iter"

	"chatbridge/mapping"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
)

// readBack reads the whole target conversation once and holds it against the
// ledger: every confirmed message must be there, in its order. A copy of a
// message that had been written again after an outcome in doubt landed late, and
// is removed; anything else that the ledger does not know was written by
// somebody else and stays.
func (l *lane) readBack(ctx context.Context) error {
	late, err := l.doubts(ctx)
	if err != nil {
		return err
	}
	lost, err := l.compareBack(ctx, late)
	if err != nil {
		return err
	}
	if lost == nil {
		return nil
	}
	// What was just written may not be shown yet.
	if err := l.settle(ctx); err != nil {
		return err
	}
	if lost, err = l.compareBack(ctx, late); err != nil || lost == nil {
		return err
	}
	return &migrate.Error{
		Op: "read back conversation", Kind: migrate.Refused, SID: l.Record.TargetSID,
		Err:  fmt.Errorf("message %s (source %s) was confirmed and is not there any more", lost.TargetSID, lost.SourceSID),
		Hint: "somebody or something deleted it in the target; compare both sides with: chatbridge verify",
	}
}

// compareBack returns a confirmed message that the target does not show.
func (l *lane) compareBack(ctx context.Context, late []conversations.Message) (*migrate.MessageRecord, error) {
	next, stop := iter.Pull2(l.Ledger.Messages(ctx, l.Channel.SID, migrate.All))
	defer stop()
	var lost *migrate.MessageRecord
	rec, err, more := next()
	for have, readErr := range l.Target.Messages(ctx, l.TargetService, l.Record.TargetSID, false) {
		if readErr != nil {
			return nil, readErr
		}
		l.dog.Progress()
		for more && err == nil && rec.TargetIndex < have.Index {
			lost = &migrate.MessageRecord{SourceSID: rec.SourceSID, TargetSID: rec.TargetSID}
			rec, err, more = next()
		}
		if err != nil {
			return nil, migrate.Fatal(err)
		}
		if more && rec.TargetIndex == have.Index {
			rec, err, more = next()
			continue
		}
		if err := l.removeLate(ctx, late, have); err != nil {
			return nil, err
		}
	}
	if err != nil {
		return nil, migrate.Fatal(err)
	}
	if more {
		lost = &rec
	}
	return lost, nil
}

func (l *lane) removeLate(ctx context.Context, late []conversations.Message, have conversations.Message) error {
	for _, want := range late {
		if !same(want, have) {
			continue
		}
		if err := l.proceed(ctx); err != nil {
			return err
		}
		l.wrote = true
		l.event(migrate.Notice, "removed a copy that landed late", migrate.KeyConversation, l.Record.TargetSID, "message", have.SID)
		return l.Target.DeleteMessage(ctx, l.TargetService, l.Record.TargetSID, have.SID)
	}
	return nil
}

// doubts are the messages that were written more than once, as they should
// be in the target.
func (l *lane) doubts(ctx context.Context) ([]conversations.Message, error) {
	indexes, err := l.Ledger.Doubts(ctx, l.Channel.SID)
	if err != nil {
		return nil, migrate.Fatal(err)
	}
	var late []conversations.Message
	for _, index := range indexes {
		for m, err := range l.Source.Messages(ctx, l.Service.SID, l.Channel.SID, migrate.Span{After: index - 1}) {
			if err != nil {
				return nil, err
			}
			if m.Index == index {
				want, _ := l.Settings.Mapper.Message(m, mapping.Undated(l.Channel, l.Service))
				late = append(late, want)
			}
			break
		}
	}
	return late, nil
}
