package replay

import (
	"context"
	"errors"
	"fmt"
	"time"

	"chatbridge/mapping"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/origin"
)

// messages brings the messages of the channel over, in order, one in flight.
// What the ledger has is not looked at again; what it may have missed is found
// by align before the first write.
func (l *lane) messages(ctx context.Context) error {
	newest, err := l.newest(ctx)
	if err != nil {
		return err
	}
	l.before, l.last = newest.SourceIndex, newest.TargetIndex
	if err := l.countConfirmed(ctx); err != nil {
		return err
	}
	if err := l.sayStays(ctx); err != nil {
		return err
	}
	source := l.inSource(ctx)
	if l.early != nil {
		source = l.early.orRead(source)
	}
	if l.Record.Stage == migrate.Done {
		fresh, all, err := l.since(ctx, newest.SourceIndex)
		if err != nil {
			return err
		}
		if all {
			source = inMemory(fresh)
		}
	}
	f := l.feed(ctx, source, newest.SourceIndex)
	defer f.close()
	f.found = l.Findings.Add
	f.skipped = func() {
		l.skipped = true
		l.copied++
		l.came()
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
		l.event(migrate.Detail, "the channel's message count differs from its list",
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
	l.came()
	l.Counters.Seen(migrate.KindMessages, n)
	l.Counters.Existing(migrate.KindMessages, n)
	return nil
}

func (l *lane) appendAll(ctx context.Context, f *feed) error {
	if err := l.Neighbours.Mute(ctx); err != nil {
		return err
	}
	if l.Record.Stage != migrate.Open || !l.Record.Writing {
		if err := l.begin(ctx); err != nil {
			return err
		}
	}
	l.decision = origin.Unread(l.birth)
	if !l.created {
		if err := l.align(ctx, f); err != nil {
			return err
		}
	}
	for {
		m, err := f.peek()
		if err != nil || m == nil {
			return err
		}
		if err := l.carry(ctx, f, m); err != nil {
			return err
		}
	}
}

// begin notes that the lane writes, so that the next one knows that it did.
func (l *lane) begin(ctx context.Context) error {
	l.Record.Alone, l.Record.Writing = false, true
	if err := l.advance(ctx, migrate.Open); err != nil {
		return err
	}
	return migrate.Fatal(l.Ledger.Sync(ctx))
}

// carry writes the next message, unless it is there, or looks again if people may
// have written it meanwhile.
func (l *lane) carry(ctx context.Context, f *feed, m *mapped) error {
	w := origin.Want{Index: m.source.Index, Created: m.want.DateCreated}
	if !l.decision.Covers(w) {
		return l.align(ctx, f)
	}
	if l.asYoungAs(w) && l.waited != w.Index {
		l.waited = w.Index
		if err := l.wait(ctx, time.Second); err != nil {
			return err
		}
		return l.align(ctx, f)
	}
	if p, there := l.decision.Has(w.Index); there {
		again, err := l.isThere(ctx, migrate.MessageRecord{
			SourceIndex: p.SourceIndex, TargetIndex: p.TargetIndex, SourceSID: p.SourceSID, TargetSID: p.TargetSID, Others: true,
		})
		if err != nil {
			return err
		}
		if !again {
			f.take()
			return nil
		}
	}
	return l.append(ctx, f, m)
}

// asYoungAs reports whether a message was written about when both sides were
// compared: an application may have written it into the target since.
func (l *lane) asYoungAs(w origin.Want) bool {
	if l.birth.Past(w.Created) || l.looked.IsZero() {
		return false
	}
	since := w.Created.Sub(l.looked)
	return since >= 0 && since < time.Minute
}

// append writes one message until it is confirmed, or known not to be wanted.
// Before it is written again the target is looked at: after a settle time if what
// became of it is unknown, and at once if somebody else was writing, for then it
// was not written.
func (l *lane) append(ctx context.Context, f *feed, m *mapped) error {
	last := errNoAnswer
	for range attempts {
		sent, got, skip, err := l.send(ctx, m)
		if skip {
			l.leaveOut(f)
			return nil
		}
		if errors.Is(err, errDeletedMeanwhile) {
			f.take()
			return nil
		}
		if err == nil {
			if err := l.asAsked(m, sent, got); err != nil {
				return err
			}
			return l.confirm(ctx, f, m, got)
		}
		switch migrate.KindOf(err) {
		case migrate.InDoubt:
			last = errNoAnswer
			if err := l.doubt(ctx, m.source.Index); err != nil {
				return err
			}
			if sent != m.want {
				l.instead[m.source.Index] = sent
			}
			if err := l.settle(ctx); err != nil {
				return err
			}
		case migrate.Contended:
			last = err
		default:
			return &migrate.Error{Op: "carry message", Kind: migrate.KindOf(err), SID: m.source.SID, Err: err, Hint: migrate.HintOf(err)}
		}
		if err := l.align(ctx, f); err != nil {
			return err
		}
		if next, err := f.peek(); err != nil || next != m {
			return err
		}
	}
	return &migrate.Error{Op: "append message", Kind: migrate.Unavailable, SID: m.source.SID, Err: last, Hint: "run the same command again to resume"}
}

// asAsked compares what the service stored with what was sent. It stops the lane
// if author or date are others: going on would make all of history wrong. About
// the rest a policy decides.
func (l *lane) asAsked(m *mapped, sent, got conversations.Message) error {
	if sent.Author != got.Author || !sent.DateCreated.Equal(got.DateCreated) {
		return &migrate.Error{
			Op: "append message", Kind: migrate.Refused, SID: m.source.SID,
			Err: fmt.Errorf("the service stored it with %s and date %s instead of %s (message %s in %s)",
				whose(sent, got), got.DateCreated.UTC(), sent.DateCreated, got.SID, l.Record.TargetSID),
			Hint: "the target does not keep dates or authors as documented; nothing more was written into this conversation",
		}
	}
	return asSent(l.outgoing("append message", m.source.SID), sent, got, got.SID+" in "+l.Record.TargetSID)
}

func whose(want, got conversations.Message) string {
	if want.Author == got.Author {
		return "the same author"
	}
	return "another author"
}

// confirm notes that the target has a message.
func (l *lane) confirm(ctx context.Context, f *feed, m *mapped, have conversations.Message) error {
	err := l.Ledger.PutMessage(context.WithoutCancel(ctx), l.Channel.SID, migrate.MessageRecord{
		SourceIndex: m.source.Index, TargetIndex: have.Index, SourceSID: m.source.SID, TargetSID: have.SID,
	})
	if err != nil {
		return migrate.Fatal(err)
	}
	switch {
	case have.Media.SID != "":
		if err := l.arrivedWithFile(ctx, m.source.Index); err != nil {
			return err
		}
	case m.source.Media != nil: // an earlier run may have uploaded it, with another policy
		if err := l.Ledger.ForgetFile(ctx, l.Channel.SID, m.source.Index); err != nil {
			return migrate.Fatal(err)
		}
	}
	if err := l.reached(ctx, m.source); err != nil {
		return err
	}
	f.take()
	l.refusals = 0
	l.last = have.Index
	l.copied++
	l.came()
	l.Record.Messages++
	l.Counters.Seen(migrate.KindMessages, 1)
	l.Counters.Written(migrate.KindMessages, 1)
	return nil
}

// sayStays names the messages that a list leaves out and that were written before it
// did: with other settings, which were accepted since.
func (l *lane) sayStays(ctx context.Context) error {
	if len(l.Settings.Mapper.LeaveOut) == 0 {
		return nil
	}
	for r, err := range l.Ledger.Messages(ctx, l.Channel.SID, migrate.All) {
		if err != nil {
			return migrate.Fatal(err)
		}
		if l.Settings.Mapper.LeaveOut[r.SourceSID] && !r.Gone {
			l.Findings.Add(l.Settings.Mapper.MessageStays(r.SourceSID, l.Channel.SID, r.TargetSID))
		}
	}
	return nil
}

// listedAs is the message of the source that a list leaves out, and that a message of
// the target is: it was written before it was listed, and the ledger is lost. Empty if
// it is none of them.
func (l *lane) listedAs(ctx context.Context, have conversations.Message) (sid string, err error) {
	mapper := l.Settings.Mapper
	if len(mapper.LeaveOut) == 0 {
		return "", nil
	}
	if l.unwanted == nil {
		l.unwanted = []wanted{}
		mapper.LeaveOut = nil
		for w, err := range wants(l.inSource(ctx)(migrate.All), mapper, mapping.Undated(l.Channel, l.Service), nil) {
			if err != nil {
				return "", err
			}
			if l.Settings.Mapper.LeaveOut[w.source.SID] {
				l.unwanted = append(l.unwanted, w)
			}
		}
	}
	for _, w := range l.unwanted {
		if w.message.Author == have.Author && w.message.DateCreated.Equal(have.DateCreated) && mapping.Differences(w.message, have) == "" {
			return w.source.SID, nil
		}
	}
	return "", nil
}
