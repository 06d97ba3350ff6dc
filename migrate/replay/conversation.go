package replay

import (
	"context"
	"errors"
	"time"

	"chatbridge/mapping"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/origin"
)

// conversation finds or creates the conversation.
func (l *lane) conversation(ctx context.Context) error {
	if l.Record.TargetSID != "" {
		return l.refresh(ctx)
	}
	full, err := l.Source.Channel(ctx, l.Service.SID, l.Channel.SID)
	if err != nil {
		return err
	}
	want, found := l.Settings.Mapper.Channel(full)
	l.Findings.Add(found)
	if mapping.Blocked(found) {
		return migrate.BlockedError("map channel", l.Channel.SID, found)
	}
	l.Record.Digest = digestOfFields(want)
	end, err := l.Neighbours.Turn(ctx, mapping.Recognition(asCompared(want)))
	if err != nil {
		return err
	}
	defer end()
	if found, err := l.findEarlier(ctx, want); found || err != nil {
		return err
	}
	if err := l.Neighbours.Mute(ctx); err != nil {
		return err
	}
	l.birth = origin.BornAt(l.Target.Clock())
	l.Record.BornAt = l.Target.Clock()
	last := errNoAnswer
	for range attempts {
		if err := l.proceed(ctx); err != nil {
			return err
		}
		made, err := l.Target.AppendConversation(ctx, l.TargetService, want)
		l.dog.Progress()
		switch migrate.KindOf(err) {
		case migrate.InDoubt:
			last = errNoAnswer
			if err := l.doubtCreate(ctx); err != nil {
				return err
			}
			if err := l.settle(ctx); err != nil {
				return err
			}
		case migrate.Exists, migrate.Contended:
			last = err
		default:
			if err != nil {
				return err
			}
			l.wrote, l.created = true, true
			return l.opened(ctx, made.SID)
		}
		found, err := l.findSent(ctx, want)
		drop, err := l.withoutName(err)
		if found || err != nil {
			return err
		}
		if drop {
			want.UniqueName = ""
		}
	}
	return &migrate.Error{Op: "create conversation", Kind: migrate.Unavailable, SID: l.Channel.SID, Err: last, Hint: "run the same command again to resume"}
}

// asCompared is a conversation with its text in the form that candidates are
// compared in: channels that differ in less may be taken for each other.
func asCompared(c conversations.Conversation) conversations.Conversation {
	c.FriendlyName, c.UniqueName, c.Attributes = origin.Body(c.FriendlyName), origin.Body(c.UniqueName), origin.Attributes(c.Attributes)
	return c
}

// doubtCreate notes that a conversation may have been made, so that later runs
// look for it too.
func (l *lane) doubtCreate(ctx context.Context) error {
	l.Neighbours.Spare()
	return l.putDoubt(ctx, migrate.DoubtRecord{SourceIndex: migrate.NewConversation, After: -1, Sends: 1, At: time.Now()})
}

// findEarlier opens the conversation that an earlier run made, if there is one.
func (l *lane) findEarlier(ctx context.Context, want conversations.Conversation) (bool, error) {
	there, err := l.Neighbours.Candidates(ctx, l.Channel.SID, want)
	if err != nil || len(there) == 0 {
		return false, err
	}
	born, err := l.Neighbours.Born(ctx)
	if err != nil {
		return false, err
	}
	sid, err := l.adopt(ctx, want, origin.BornAt(born), there)
	if err != nil || sid == "" {
		return false, err
	}
	l.Record.Adopted, l.Record.BornAt = true, born
	l.birth, l.unsure = origin.BornAt(born), true
	l.event(migrate.Notice, "adopted a conversation that was made earlier", migrate.KeyChannel, l.Channel.SID, migrate.KeyConversation, sid)
	return true, l.opened(ctx, sid)
}

// findSent opens the conversation that a create without an answer made, if there
// is one.
func (l *lane) findSent(ctx context.Context, want conversations.Conversation) (bool, error) {
	there, err := l.Neighbours.CandidatesNow(ctx, l.Channel.SID, want)
	if err != nil || len(there) == 0 {
		return false, err
	}
	sid, err := l.adopt(ctx, want, l.birth, there)
	switch {
	case err != nil:
		return false, err
	case sid != "":
		l.wrote, l.created = true, true
		return true, l.opened(ctx, sid)
	case want.UniqueName != "":
		return false, nameTaken(want, there[0].SID)
	}
	return false, nil
}

// withoutName decides, where a unique name is somebody else's, whether to go on
// without it. Any other error is returned as it is.
func (l *lane) withoutName(err error) (drop bool, failed error) {
	e, ok := errors.AsType[*migrate.Error](err)
	if !ok || e.Code != migrate.CodeUniqueNameExists {
		return false, err
	}
	drop, found := l.Settings.Mapper.NameTaken(l.Channel)
	l.Findings.Add(found)
	if !drop {
		e.Hint = migrate.HintOf(migrate.BlockedError(e.Op, l.Channel.SID, found))
		return false, e
	}
	return true, nil
}

// opened notes the conversation of the channel. If another channel has it, only
// this lane stops, and its record stays without one.
func (l *lane) opened(ctx context.Context, sid string) error {
	if err := l.Neighbours.Reserve(sid, l.Channel.SID); err != nil {
		return err
	}
	before := l.Record
	l.Record.TargetSID, l.Record.Writing = sid, true
	err := l.advance(ctx, migrate.Open)
	if e, ok := errors.AsType[*migrate.Error](err); ok && e.Kind == migrate.Conflict {
		l.Record = before
		return e // not fatal: the ledger goes on
	}
	return err
}
