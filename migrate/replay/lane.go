package replay

import (
	"cmp"
	"context"
	"time"

	"chatbridge/mapping/chat"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/internal/drain"
	"chatbridge/migrate/internal/forget"
	"chatbridge/migrate/origin"
	"chatbridge/migrate/pace"
)

// lane takes one channel through its stages. It is serial: one write in flight.
// It can be run again from any state in which an earlier one was cut off.
type lane struct {
	Job
	dog   *migrate.Watchdog
	clock *pace.Stopwatch

	created bool // its conversation was created in this run, so nothing of ours can be in it yet
	wrote   bool // something in this conversation was written in this run
	moved   bool // the channel's own date changed since it was done
	knowledge

	early *early // what is read while the conversation is made; nil in a lane that goes on

	last    int64 // index in the target of the last confirmed message
	members []chat.Member
	joining bool  // they were listed
	skipped bool  // a policy left a message out in this run
	copied  int64 // messages dealt with, in this run or before
	joined  int64 // members dealt with, in this run or before

	instead   map[int64]conversations.Message // sent in place of what was refused and not answered, by source index
	refusals  int                             // messages in a row that were refused for a reason that no policy knows
	strangers int                             // members in a row that were refused
	roomy     map[int]bool                    // limits that were raised, or cannot be, since a participant was refused for them
	decision  origin.Decision                 // what the latest look at both sides allows to write
	named     map[string]bool                 // messages of the target that a finding was about
	unwanted  []wanted                        // of the source, that a list leaves out; nil until somebody asks
	looked    time.Time                       // by the clock of the target, when both sides were compared last
	waited    int64                           // source index of the message that was compared once more because it was young
	told      map[string]bool                 // messages of the source that stand in the target already, of which that was said
}

// run takes the channel through what is left of its stages.
func (l *lane) run(ctx context.Context) error {
	if err := l.afterUndo(ctx); err != nil {
		return err
	}
	if err := l.recall(ctx); err != nil {
		return err
	}
	defer l.stopReading()
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
	if l.Record.Stage < migrate.Checked || len(l.doubts) > 0 {
		if err := l.readBack(ctx); err != nil {
			return err
		}
		if l.Record.Stage < migrate.Checked {
			if err := l.advance(ctx, migrate.Checked); err != nil {
				return err
			}
		}
	}
	if err := l.horizons(ctx); err != nil {
		return err
	}
	if err := l.dates(ctx); err != nil {
		return err
	}
	if l.Record.Stage != migrate.Done || l.wrote || l.moved || l.skipped || !l.Record.Listed.Known {
		if err := l.listed(ctx); err != nil {
			return err
		}
		l.Record.DateUpdated, l.Record.Writing = l.Channel.DateUpdated.Time, false
		if err := l.advance(ctx, migrate.Done); err != nil {
			return err
		}
		return arrived(ctx, l.Ledger, l.Channel.SID)
	}
	return nil
}

// afterUndo begins anew if an undo deleted the conversation and did not come to forget
// it. If it is there all the same, the lane reads it whole.
func (l *lane) afterUndo(ctx context.Context) error {
	if l.Record.Stage != migrate.Leaving {
		return nil
	}
	left := time.Until(l.SettledAt)
	l.dog.Waiting(left)
	if err := l.wait(ctx, left); err != nil {
		return err
	}
	_, err := l.Target.Conversation(ctx, l.TargetService, l.Record.TargetSID)
	if migrate.KindOf(err) == migrate.NotFound {
		l.Record, err = forget.Channel(context.WithoutCancel(ctx), l.Ledger, l.Record)
		return migrate.Fatal(err)
	}
	l.Record.Stage = migrate.Open
	return err
}

// afterCrash waits, in a lane that an earlier run may have died in, until what
// it sent has landed.
func (l *lane) afterCrash(ctx context.Context) error {
	if l.created || l.Record.Stage == migrate.Done {
		return nil
	}
	left := time.Until(l.SettledAt)
	for _, d := range l.doubts {
		left = max(left, min(time.Until(d.At.Add(l.Settings.Settle)), l.Settings.Settle)) // by a clock that may have been set back
	}
	l.dog.Waiting(left)
	return l.wait(ctx, left)
}

func (l *lane) advance(ctx context.Context, to migrate.Stage) error {
	l.Record.Stage = to
	l.clock.Reached(to)
	l.dog.Progress()
	return l.put(ctx)
}

func (l *lane) put(ctx context.Context) error {
	return migrate.Fatal(l.Ledger.PutChannel(context.WithoutCancel(ctx), l.Record))
}

// settle gives a write whose outcome is unknown the time to land.
func (l *lane) settle(ctx context.Context) error {
	l.dog.Waiting(l.Settings.Settle)
	l.event(migrate.Detail, "waiting in case an unanswered request still lands", migrate.KeyChannel, l.Channel.SID, migrate.KeyWait, l.Settings.Settle)
	return l.wait(ctx, l.Settings.Settle)
}

// dates gives the conversation its own dates back, which every write moved. A
// write whose answer was lost on the way may land once more, and is waited for.
func (l *lane) dates(ctx context.Context) error {
	if !l.wrote && !l.moved && l.Record.Stage == migrate.Done {
		return nil
	}
	want := conversations.Conversation{SID: l.Record.TargetSID, DateUpdated: l.Channel.DateUpdated.UTC().Truncate(time.Second)}
	if want.DateUpdated.IsZero() {
		return nil
	}
	if l.dog.InDoubt.Load() {
		if err := l.settle(ctx); err != nil {
			return err
		}
	}
	o := l.outgoing("set conversation", l.Channel.SID)
	sent, stored, err := l.set(ctx, o, want)
	if err != nil {
		return err
	}
	if err := asSent(o, sent, stored, sent.SID); err != nil {
		l.Record.Stage = migrate.Checked // so that the next run says it again
		return err
	}
	return nil
}

// came says how far the lane is.
func (l *lane) came() { l.clock.Came(l.copied + l.joined) }

func (l *lane) event(level migrate.Level, message string, fields ...any) {
	l.Observer.Event(migrate.Event{Level: level, Message: message, Fields: fields})
}

// proceed is asked before each write.
func (l *lane) proceed(ctx context.Context) error {
	return cmp.Or(l.Findings.Err(), drain.Signal(l.Drain).Proceed(ctx))
}

// looking is proceed for what looks before it writes.
func (l *lane) looking(ctx context.Context) (context.Context, error) {
	if err := l.Findings.Err(); err != nil {
		return ctx, err
	}
	return drain.Signal(l.Drain).Begin(ctx)
}

func (l *lane) wait(ctx context.Context, d time.Duration) error {
	return drain.Signal(l.Drain).Wait(ctx, d)
}
