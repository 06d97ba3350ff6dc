package replay

import (
	"context"
	"errors"

	"chatbridge/mapping"
	"chatbridge/migrate"
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
	end, err := l.Neighbours.Turn(ctx, mapping.Recognition(want))
	if err != nil {
		return err
	}
	defer end()
	sid, err := l.Neighbours.Claim(ctx, l.Channel.SID, want)
	if err != nil {
		return err
	}
	if sid != "" {
		l.Record.Adopted = true
		l.event(migrate.Notice, "adopted a conversation that was made earlier", migrate.KeyChannel, l.Channel.SID, migrate.KeyConversation, sid)
		return l.opened(ctx, sid)
	}
	if err := l.Neighbours.Mute(ctx); err != nil {
		return err
	}
	last := errNoAnswer
	for range attempts {
		if err := l.proceed(ctx); err != nil {
			return err
		}
		made, err := l.Target.AppendConversation(ctx, l.TargetService, want)
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
			sid, err := l.Neighbours.Search(ctx, l.Channel.SID, want)
			if drop, err := l.withoutName(err); err != nil {
				return err
			} else if drop {
				want.UniqueName = ""
			}
			if sid != "" {
				l.wrote = true
				return l.opened(ctx, sid)
			}
		default:
			return err
		}
	}
	return &migrate.Error{Op: "create conversation", Kind: migrate.Unavailable, SID: l.Channel.SID, Err: last, Hint: "run the same command again to resume"}
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
	l.Record.TargetSID = sid
	err := l.advance(ctx, migrate.Open)
	if e, ok := errors.AsType[*migrate.Error](err); ok && e.Kind == migrate.Conflict {
		l.Record = before
		return e // not fatal: the ledger goes on
	}
	return err
}
