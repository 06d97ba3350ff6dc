package replay

import (
	"context"

	"chatbridge/mapping/chat"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/internal/drain"
	"chatbridge/migrate/origin"
)

// horizons sets how far each member has read, once every message is there. A
// member that never reported any gets none, and one that read up to a message
// which is gone gets the last one before it.
//
// People may have read on in the target, also under another ledger: a horizon
// only ever moves forward, by what the participant shows and not by what the
// ledger remembers. What they showed before a pause is old, and is read again.
func (l *lane) horizons(ctx context.Context) error {
	var there map[string]conversations.Participant
	var looked context.Context
	for _, m := range l.members {
		if m.LastConsumedMessageIndex == nil {
			continue
		}
		rec, known, err := l.Ledger.Entity(ctx, migrate.MemberEntity, m.SID)
		if err != nil {
			return migrate.Fatal(err)
		}
		if !known || rec.Horizon != nil && *rec.Horizon == *m.LastConsumedMessageIndex {
			continue
		}
		var failed error
		want, ok, found := l.Settings.Mapper.Horizon(m, func(old int64) (int64, bool) {
			at, ok, err := l.Ledger.AtOrBelow(ctx, l.Channel.SID, old)
			failed = err
			return at.TargetIndex, ok
		})
		if failed != nil {
			return migrate.Fatal(failed)
		}
		l.Findings.Add(found)
		if ok {
			if there == nil || drain.Old(looked) {
				if looked, err = l.looking(ctx); err != nil {
					return err
				}
				if there, err = l.readParticipants(looked); err != nil {
					return err
				}
			}
			if err := l.setHorizon(looked, m, rec, there[rec.TargetSID], want); err != nil {
				return err
			}
		}
		rec.Horizon = m.LastConsumedMessageIndex
		if err := l.Ledger.PutEntity(ctx, rec); err != nil {
			return migrate.Fatal(err)
		}
	}
	return nil
}

func (l *lane) setHorizon(ctx context.Context, m chat.Member, rec migrate.EntityRecord, have conversations.Participant, want conversations.Horizon) error {
	if rec.Kept {
		want.DateUpdated = have.DateUpdated // the only evidence that somebody changed them
	}
	at, moves := origin.Horizon(want.LastReadMessageIndex, have.LastReadMessageIndex)
	switch {
	case moves:
	case at > want.LastReadMessageIndex:
		l.Findings.Add(l.Settings.Mapper.HorizonKept(m, at))
		return nil
	case !want.LastReadTimestamp.After(have.LastReadTimestamp):
		return nil
	}
	if err := l.Neighbours.Mute(ctx); err != nil {
		return err
	}
	if err := l.proceed(ctx); err != nil {
		return err
	}
	l.wrote = true
	defer l.dog.Progress()
	err := l.Target.SetHorizon(ctx, l.TargetService, l.Record.TargetSID, rec.TargetSID, want)
	if migrate.KindOf(err) == migrate.NotFound && err != nil {
		l.event(migrate.Notice, "a participant left before their read horizon was set", migrate.KeyConversation, l.Record.TargetSID, "participant", rec.TargetSID)
		return nil
	}
	return err
}

func (l *lane) readParticipants(ctx context.Context) (map[string]conversations.Participant, error) {
	there := map[string]conversations.Participant{}
	for p, err := range l.Target.Participants(ctx, l.TargetService, l.Record.TargetSID) {
		if err != nil {
			return nil, err
		}
		there[p.SID] = p
	}
	return there, nil
}
