package replay

import (
	"cmp"
	"context"
	"fmt"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/origin"
)

// align finds out what the target has of the messages from the head of the feed
// on, notes what is ours in the ledger, and moves the feed to the first one that
// is to be written.
//
// If somebody may have written and died, it looks until two readings, a settle
// time apart, agree: one may show less than there is.
func (l *lane) align(ctx context.Context, f *feed) error {
	looked, err := l.looking(ctx)
	if err != nil {
		return err
	}
	newest, err := l.newest(ctx)
	if err != nil {
		return err
	}
	seen, err := l.look(looked, f, newest)
	if err != nil {
		return err
	}
	for round := 0; l.unsure && (seen.Next != origin.None || seen.Stop != nil); round++ {
		if round == attempts {
			return &migrate.Error{
				Op: "read conversation", Kind: migrate.Unavailable, SID: l.Record.TargetSID,
				Err:  fmt.Errorf("each reading shows other messages of ours: %w", migrate.ErrShort),
				Hint: "run the same command again to resume",
			}
		}
		again, err := l.lookAgain(looked, f, newest)
		if err != nil {
			return err
		}
		agree := seen.Agrees(&again.Decision)
		if seen = again; agree {
			break
		}
	}
	l.unsure = false
	return l.goOn(ctx, f, seen)
}

func (l *lane) lookAgain(ctx context.Context, f *feed, newest migrate.MessageRecord) (*look, error) {
	if err := l.Ledger.ForgetMessages(ctx, l.Channel.SID, newest.SourceIndex); err != nil {
		return nil, migrate.Fatal(err)
	}
	if err := l.settle(ctx); err != nil {
		return nil, err
	}
	return l.look(ctx, f, newest)
}

// goOn does what a reading asks for, and moves the feed to where it says that
// the next message stands.
func (l *lane) goOn(ctx context.Context, f *feed, seen *look) error {
	l.tell(seen)
	if seen.Stop != nil {
		return l.unclear(seen.Stop)
	}
	if seen.otherwise.SID != "" {
		if _, err := l.meets(mapping.StoredOtherwise, seen.otherwise); err != nil {
			return l.unconfirm(ctx, seen, err)
		}
	}
	if err := l.removeCopies(ctx, seen); err != nil {
		return l.unconfirm(ctx, seen, err)
	}
	if err := l.bringUpToDate(ctx, seen); err != nil {
		return l.unconfirm(ctx, seen, err)
	}
	if err := l.noteHeld(ctx, seen); err != nil {
		return err
	}
	for _, index := range seen.landed {
		if err := l.found(ctx, index); err != nil {
			return err
		}
	}
	l.decision = seen.Decision
	l.copied += seen.confirmed + seen.holes
	l.Record.Messages += seen.confirmed
	l.Counters.Seen(migrate.KindMessages, seen.confirmed+seen.holes)
	l.Counters.Written(migrate.KindMessages, int64(len(seen.landed)))
	l.Counters.Existing(migrate.KindMessages, seen.confirmed-int64(len(seen.landed)))
	l.Counters.Skipped(migrate.KindMessages, seen.holes)
	newest, err := l.newest(ctx)
	if err != nil {
		return err
	}
	l.last = newest.TargetIndex
	next := seen.Next
	for _, r := range seen.theirs {
		if next != origin.None && r.SourceIndex >= next {
			break // its turn comes
		}
		again, err := l.isThere(ctx, r)
		if err != nil {
			return err
		}
		if again && r.SourceIndex > newest.SourceIndex {
			next = r.SourceIndex
		}
	}
	if seen.full {
		if err := f.skipTo(newest.SourceIndex + 1); err != nil {
			return err
		}
		return l.align(ctx, f)
	}
	if err := f.skipTo(next); err != nil || next == origin.None || !l.crashed {
		return err
	}
	l.crashed = false
	return l.doubt(ctx, next) // it may have been in flight
}

// unconfirm takes back what a reading noted as ours and err kept from being put
// right, so that the next run comes to the same point.
func (l *lane) unconfirm(ctx context.Context, seen *look, err error) error {
	return cmp.Or(migrate.Fatal(l.Ledger.ForgetMessages(context.WithoutCancel(ctx), l.Channel.SID, seen.after)), err)
}

// newest is the last message that the ledger has, or one before all if it has none.
func (l *lane) newest(ctx context.Context) (migrate.MessageRecord, error) {
	m, any, err := l.Ledger.Newest(ctx, l.Channel.SID)
	if err != nil {
		return m, migrate.Fatal(err)
	}
	if !any {
		m.SourceIndex, m.TargetIndex = migrate.All, -1
	}
	return m, nil
}

// unclear stops the lane, because going on could double or lose a message.
func (l *lane) unclear(stop *origin.Stop) error {
	return &migrate.Error{
		Op: "align conversation", Kind: migrate.Refused, SID: l.Record.TargetSID, Err: stop,
		Hint: "nothing more is written into it; to compare both sides: chatbridge verify --channel " + l.Channel.SID,
	}
}

// meets adds what a message met in the target to the findings, and is the error
// of a policy that stops there.
func (l *lane) meets(c mapping.Code, met mapping.Meeting) (write bool, err error) {
	write, found := l.Settings.Mapper.Meets(c, met)
	l.Findings.Add(found)
	if mapping.Blocked(found) {
		return false, migrate.BlockedError("carry message", met.SID, found)
	}
	return write, nil
}

// isThere notes a message that somebody else wrote into the target, unless a
// policy wants it written again.
func (l *lane) isThere(ctx context.Context, r migrate.MessageRecord) (again bool, err error) {
	met := mapping.Meeting{SID: r.SourceSID, ChannelSID: l.Channel.SID, Detail: "as " + r.TargetSID + " in " + l.Record.TargetSID}
	again, found := l.Settings.Mapper.Meets(mapping.MessageThere, met)
	if !l.told[r.SourceSID] {
		l.Findings.Add(found)
	}
	l.told[r.SourceSID] = true
	if mapping.Blocked(found) {
		return false, migrate.BlockedError("carry message", met.SID, found)
	}
	if again {
		l.last = max(l.last, r.TargetIndex) // it is known, so what is sent now cannot be it
		return true, nil
	}
	l.copied++
	l.Record.Messages++
	l.Counters.Seen(migrate.KindMessages, 1)
	l.Counters.Existing(migrate.KindMessages, 1)
	return false, migrate.Fatal(l.Ledger.PutMessage(ctx, l.Channel.SID, r))
}

// removeCopies deletes what landed late beside a message in its place. Both are
// fetched first: the one that stays has to be there, and nobody may have edited
// the one that goes. Between that and the delete nothing pauses.
func (l *lane) removeCopies(ctx context.Context, seen *look) error {
	if len(seen.Copies) > 0 {
		if err := l.Neighbours.Mute(ctx); err != nil {
			return err
		}
	}
	for _, c := range seen.Copies {
		ctx, err := l.looking(ctx)
		if err != nil {
			return err
		}
		stays, err := l.fetch(ctx, c.Of)
		if err != nil {
			return err
		}
		goes, err := l.fetch(ctx, c.SID)
		if err != nil {
			return err
		}
		if goes == nil || !c.Stands(stays, goes) {
			continue
		}
		if err := l.proceed(ctx); err != nil {
			return err
		}
		l.wrote = true
		if err := l.Target.DeleteMessage(ctx, l.TargetService, l.Record.TargetSID, c.SID); err != nil {
			return err
		}
		l.event(migrate.Notice, "removed a copy that landed late", migrate.KeyConversation, l.Record.TargetSID, "message", c.SID)
		if index, known := seen.late[c.SID]; known {
			if err := l.found(ctx, index); err != nil {
				return err
			}
		}
	}
	return nil
}

// fetch reads one message by its SID; nil if it is not there.
func (l *lane) fetch(ctx context.Context, sid string) (*origin.Have, error) {
	m, err := l.Target.Message(ctx, l.TargetService, l.Record.TargetSID, sid)
	l.dog.Progress()
	switch {
	case migrate.KindOf(err) == migrate.NotFound:
		return nil, nil
	case err != nil:
		return nil, err
	}
	h := origin.HaveOf(m)
	return &h, nil
}
