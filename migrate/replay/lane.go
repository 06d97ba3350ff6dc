package replay

import (
	"context"
	"errors"
	"time"

	"chatbridge/mapping"
	"chatbridge/mapping/chat"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
)

// lane takes one channel through its stages. It is serial: one write in flight.
// It can be run again from any state in which an earlier one was cut off.
type lane struct {
	*service
	channel chat.Channel
	record  migrate.ChannelRecord
	dog     *migrate.Watchdog
	clock   *stopwatch

	created bool  // its conversation was created in this run, so nothing of ours can be in it yet
	wrote   bool  // something in this conversation was written in this run
	moved   bool  // the channel's own date changed since it was done
	last    int64 // index in the target of the last confirmed message
	members []chat.Member
	copied  int64 // messages dealt with, in this run or before
	joined  int64 // members dealt with, in this run or before
}

// runLane runs one lane and decides what its error means: most stop only the
// lane.
func (s *service) runLane(ctx context.Context, p planned) error {
	l := &lane{service: s, channel: p.channel, record: p.record, clock: s.sheet.begin()}
	s.tally.Seen(migrate.KindChannels, 1)
	lctx, dog := migrate.NewWatchdog(ctx, s.set.Watchdog, p.channel.SID)
	l.dog = dog
	err := l.migrateChannel(lctx)
	if err != nil && lctx.Err() != nil && ctx.Err() == nil {
		err = context.Cause(lctx)
	}
	dog.Stop()
	l.clock.end(l.record, err)
	if err == nil {
		s.unfinished.Add(-1)
		if l.wrote {
			s.tally.Written(migrate.KindChannels, 1)
		} else {
			s.tally.Existing(migrate.KindChannels, 1)
		}
		return s.breaker.ended(nil, s.set.MaxErrors)
	}
	if migrate.EndsRun(ctx, err) {
		return err
	}
	s.fail(ctx, migrate.KindChannels, l.channel.SID, l.record.TargetSID, err)
	s.tally.Failed(migrate.KindChannels, 1)
	s.tally.Failed(migrate.KindMembers, max(0, l.channel.MembersCount-l.joined))
	s.tally.Failed(migrate.KindMessages, max(0, l.channel.MessagesCount-l.copied))
	if err := l.put(ctx); err != nil {
		return err
	}
	return s.breaker.ended(err, s.set.MaxErrors)
}

// migrateChannel is the whole way of one channel. A queue worker would call it
// as a job.
func (l *lane) migrateChannel(ctx context.Context) error {
	if err := l.conversation(ctx); err != nil {
		return err
	}
	if err := l.afterCrash(ctx); err != nil {
		return err
	}
	if err := l.participants(ctx); err != nil {
		return err
	}
	if err := l.invites(ctx); err != nil {
		return err
	}
	if err := l.messages(ctx); err != nil {
		return err
	}
	if l.record.Stage < migrate.Checked {
		if err := l.readBack(ctx); err != nil {
			return err
		}
		if err := l.advance(ctx, migrate.Checked); err != nil {
			return err
		}
	}
	if err := l.horizons(ctx); err != nil {
		return err
	}
	if err := l.dates(ctx); err != nil {
		return err
	}
	if l.record.Stage != migrate.Done || l.wrote || l.moved {
		l.record.DateUpdated = l.channel.DateUpdated.Time
		if err := l.advance(ctx, migrate.Done); err != nil {
			return err
		}
		return l.clearFailure(ctx, l.channel.SID)
	}
	return nil
}

// afterCrash waits, in a lane that an earlier run may have died in, until what
// it sent has landed.
func (l *lane) afterCrash(ctx context.Context) error {
	if l.created || l.record.Stage == migrate.Done && !l.record.Adopted {
		return nil
	}
	l.dog.Waiting(time.Until(l.settledAt))
	return l.waitSettled(ctx)
}

// conversation finds or creates the conversation.
func (l *lane) conversation(ctx context.Context) error {
	if l.record.TargetSID != "" {
		return l.refresh(ctx)
	}
	full, err := l.Source.Channel(ctx, l.source.SID, l.channel.SID)
	if err != nil {
		return err
	}
	want, found := l.set.Mapper.Channel(full)
	l.findings.Add(found)
	if mapping.Blocked(found) {
		return migrate.BlockedError("map channel", l.channel.SID, found)
	}
	l.record.Digest = digestOfFields(want)
	l.dog.Waiting(turnWait)
	end, err := l.reserved.turn(ctx, l.target+"\x00"+mapping.Recognition(want))
	if err != nil {
		return err
	}
	defer end()
	l.dog.Progress()
	sid, err := l.stamps.claim(ctx, l.channel.SID, want)
	if err != nil {
		return err
	}
	if sid != "" {
		l.record.Adopted = true
		l.event(migrate.Notice, "adopted a conversation that was made earlier", migrate.KeyChannel, l.channel.SID, migrate.KeyConversation, sid)
		return l.opened(ctx, sid)
	}
	if err := l.muteNotifications(ctx); err != nil {
		return err
	}
	last := errNoAnswer
	for range attempts {
		if err := l.proceed(ctx); err != nil {
			return err
		}
		made, err := l.Target.AppendConversation(ctx, l.target, want)
		l.dog.Progress()
		switch {
		case err == nil:
			l.wrote, l.created = true, true
			return l.opened(ctx, made.SID)
		case migrate.KindOf(err) == migrate.Exists, migrate.KindOf(err) == migrate.InDoubt, migrate.KindOf(err) == migrate.Contended:
			last = err
			if migrate.KindOf(err) == migrate.InDoubt {
				last = errNoAnswer
				if err := l.settle(ctx); err != nil {
					return err
				}
			}
			sid, err := l.stamps.search(ctx, l.channel.SID, want)
			if drop, err := l.withoutName(err); err != nil {
				return err
			} else if drop {
				want.UniqueName = ""
				continue
			}
			if sid != "" {
				l.wrote = true
				return l.opened(ctx, sid)
			}
		default:
			return err
		}
	}
	return &migrate.Error{Op: "create conversation", Kind: migrate.Unavailable, SID: l.channel.SID, Err: last, Hint: "run the same command again to resume"}
}

// withoutName decides, where a unique name is somebody else's, whether to go on
// without it. Any other error is returned as it is.
func (l *lane) withoutName(err error) (drop bool, failed error) {
	e, ok := errors.AsType[*migrate.Error](err)
	if !ok || e.Code != codeNameTaken {
		return false, err
	}
	drop, found := l.set.Mapper.NameTaken(l.channel)
	l.findings.Add(found)
	if !drop {
		e.Hint = migrate.HintOf(migrate.BlockedError(e.Op, l.channel.SID, found))
		return false, e
	}
	return true, nil
}

// opened notes the conversation of the channel. If another channel has it, only
// this lane stops, and its record stays without one.
func (l *lane) opened(ctx context.Context, sid string) error {
	if err := l.reserved.reserve(sid, l.channel.SID); err != nil {
		return err
	}
	before := l.record
	l.record.TargetSID = sid
	err := l.advance(ctx, migrate.Open)
	if e, ok := errors.AsType[*migrate.Error](err); ok && e.Kind == migrate.Conflict {
		l.record = before
		return e // not fatal: the ledger goes on
	}
	return err
}

func (l *lane) advance(ctx context.Context, to migrate.Stage) error {
	l.record.Stage = to
	l.clock.reached(to)
	l.dog.Progress()
	return l.put(ctx)
}

func (l *lane) put(ctx context.Context) error {
	return migrate.Fatal(l.Ledger.PutChannel(context.WithoutCancel(ctx), l.record))
}

// settle gives a write whose outcome is unknown the time to land.
func (l *lane) settle(ctx context.Context) error {
	l.dog.Waiting(l.set.Settle)
	l.event(migrate.Detail, "waiting for a request without answer to land", migrate.KeyChannel, l.channel.SID, migrate.KeyWait, l.set.Settle)
	return l.wait(ctx, l.set.Settle)
}

// dates gives the conversation its own dates back, which every write moved. A
// write whose answer was lost on the way may land once more, and is waited for.
func (l *lane) dates(ctx context.Context) error {
	if !l.wrote && !l.moved && l.record.Stage == migrate.Done {
		return nil
	}
	want := conversations.Conversation{SID: l.record.TargetSID, DateUpdated: l.channel.DateUpdated.UTC().Truncate(time.Second)}
	if want.DateUpdated.IsZero() || l.channel.DateUpdated.IsZero() {
		return nil
	}
	if l.dog.InDoubt.Load() {
		if err := l.settle(ctx); err != nil {
			return err
		}
	}
	if err := l.proceed(ctx); err != nil {
		return err
	}
	return l.Target.SetConversation(ctx, l.target, want)
}
