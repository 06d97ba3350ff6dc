package replay

import (
	"context"
	"fmt"

	"chatbridge/mapping"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
)

// messages brings the messages of the channel over, in order, one in flight.
// What the ledger has is not looked at again; what it may have missed is found
// by align before the first write.
func (l *lane) messages(ctx context.Context) error {
	newest, any, err := l.Ledger.Newest(ctx, l.Channel.SID)
	if err != nil {
		return migrate.Fatal(err)
	}
	after := migrate.All
	l.last = -1
	if any {
		after, l.last = newest.SourceIndex, newest.TargetIndex
	}
	if err := l.countConfirmed(ctx); err != nil {
		return err
	}
	source := l.Source.Messages(ctx, l.Service.SID, l.Channel.SID, migrate.Span{After: after})
	if l.Record.Stage == migrate.Done && any {
		fresh, all, err := l.since(ctx, after)
		if err != nil {
			return err
		}
		if all {
			source = inMemory(fresh)
		}
	}
	f := newFeed(source, l.Settings.Mapper)
	defer f.stop()
	f.undated = mapping.Undated(l.Channel, l.Service)
	f.found = l.Findings.Add
	f.skipped = func() {
		l.copied++
		l.Counters.Seen(migrate.KindMessages, 1)
		l.Counters.Skipped(migrate.KindMessages, 1)
	}
	head, err := f.peek()
	if err != nil {
		return err
	}
	if head != nil {
		if err := l.appendAll(ctx, f); err != nil {
			return err
		}
	}
	l.Counters.Expect(migrate.KindMessages, l.copied-l.Channel.MessagesCount)
	if l.copied != l.Channel.MessagesCount {
		l.event(migrate.Detail, "the channel counts other messages than it shows",
			migrate.KeyChannel, l.Channel.SID, "counted", l.Channel.MessagesCount, "shown", l.copied)
	}
	if l.Record.Stage < migrate.Copied {
		return l.advance(ctx, migrate.Copied)
	}
	return nil
}

// countConfirmed counts what earlier runs brought over.
func (l *lane) countConfirmed(ctx context.Context) error {
	n := l.Record.Messages
	if l.Record.Stage != migrate.Done {
		n = 0
		for _, err := range l.Ledger.Messages(ctx, l.Channel.SID, migrate.All) {
			if err != nil {
				return migrate.Fatal(err)
			}
			n++
		}
	}
	l.copied, l.Record.Messages = n, n
	l.Counters.Seen(migrate.KindMessages, n)
	l.Counters.Existing(migrate.KindMessages, n)
	return nil
}

func (l *lane) appendAll(ctx context.Context, f *feed) error {
	if err := l.Neighbours.Mute(ctx); err != nil {
		return err
	}
	if l.Record.Stage != migrate.Open {
		if err := l.advance(ctx, migrate.Open); err != nil {
			return err
		}
	}
	if !l.created {
		if err := l.resume(ctx, f); err != nil {
			return err
		}
	}
	for {
		m, err := f.peek()
		if err != nil || m == nil {
			return err
		}
		if err := l.append(ctx, f, m); err != nil {
			return err
		}
	}
}

// resume finds out where an earlier run, whose end nobody knows, left off. The
// message after that may still be on its way.
func (l *lane) resume(ctx context.Context, f *feed) error {
	if err := l.align(ctx, f); err != nil {
		return err
	}
	m, err := f.peek()
	if err != nil || m == nil || !l.Crashed && !l.Record.Adopted {
		return err
	}
	return migrate.Fatal(l.Ledger.PutDoubt(ctx, l.Channel.SID, m.index))
}

// append writes one message until it is confirmed, or known not to be wanted.
// Before it is written again the tail is looked at: after a settle time if what
// became of it is unknown, and at once if somebody else was writing, for then it
// was not written.
func (l *lane) append(ctx context.Context, f *feed, m *mapped) error {
	last := errNoAnswer
	for range attempts {
		if err := l.proceed(ctx); err != nil {
			return err
		}
		l.wrote = true
		got, err := l.Target.AppendMessage(ctx, l.TargetService, l.Record.TargetSID, m.want)
		l.dog.Progress()
		if err == nil {
			if !sameOrigin(m.want, got) {
				return l.notAsAsked(m, got)
			}
			return l.confirm(ctx, f, m, got, true)
		}
		switch migrate.KindOf(err) {
		case migrate.InDoubt:
			last = errNoAnswer
			if err := l.settle(ctx); err != nil {
				return err
			}
		case migrate.Contended:
			last = err
		default:
			return &migrate.Error{Op: "carry message", Kind: migrate.KindOf(err), SID: m.sid, Err: err, Hint: migrate.HintOf(err)}
		}
		got, ok, err := l.arrived(ctx, m)
		if err != nil {
			return err
		}
		if ok {
			return l.confirm(ctx, f, m, got, true)
		}
		if err := l.Ledger.PutDoubt(ctx, l.Channel.SID, m.index); err != nil {
			return migrate.Fatal(err)
		}
	}
	return &migrate.Error{Op: "append message", Kind: migrate.Unavailable, SID: m.sid, Err: last, Hint: "run the same command again to resume"}
}

// notAsAsked stops the lane when the service stored a message under another
// author or date: going on would make all of history wrong.
func (l *lane) notAsAsked(m *mapped, got conversations.Message) error {
	return &migrate.Error{
		Op: "append message", Kind: migrate.Refused, SID: m.sid,
		Err: fmt.Errorf("the service stored it as %s with date %s instead of %s, in %s of %s",
			whose(m.want, got), got.DateCreated.UTC(), m.want.DateCreated, got.SID, l.Record.TargetSID),
		Hint: "the target does not keep dates or authors as documented; nothing more was written into this conversation",
	}
}

func whose(want, got conversations.Message) string {
	if want.Author == got.Author {
		return "the same author"
	}
	return "another author"
}

// confirm notes that the target has a message.
func (l *lane) confirm(ctx context.Context, f *feed, m *mapped, have conversations.Message, written bool) error {
	err := l.Ledger.PutMessage(context.WithoutCancel(ctx), l.Channel.SID, migrate.MessageRecord{
		SourceIndex: m.index, TargetIndex: have.Index, SourceSID: m.sid, TargetSID: have.SID,
	})
	if err != nil {
		return migrate.Fatal(err)
	}
	f.take()
	l.last = have.Index
	l.copied++
	l.Record.Messages++
	l.Counters.Seen(migrate.KindMessages, 1)
	if written {
		l.Counters.Written(migrate.KindMessages, 1)
	} else {
		l.Counters.Existing(migrate.KindMessages, 1)
	}
	return nil
}
