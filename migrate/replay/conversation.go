package replay

import (
	"context"
	"errors"
	"slices"
	"time"

	"chatbridge/mapping"
	"chatbridge/mapping/chat"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/origin"
)

// conversation finds or creates the conversation.
func (l *lane) conversation(ctx context.Context) error {
	if l.Record.TargetSID != "" && l.Record.Stage != migrate.Planned {
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
	l.readEarly(ctx)
	if l.Record.TargetSID != "" {
		if there, err := l.otherwise(ctx, full, want); there || err != nil {
			return err
		}
	}
	l.Record.Digest = digestOfFields(want)
	end, err := l.Neighbours.Turn(ctx, mapping.Recognition(asCompared(want)))
	if err != nil {
		return err
	}
	defer end()
	if found, err := l.findEarlier(ctx, full, want); found || err != nil {
		return err
	}
	if err := l.Neighbours.Mute(ctx); err != nil {
		return err
	}
	l.birth = origin.BornAt(l.Target.Clock())
	l.Record.BornAt = l.Target.Clock()
	last, create := errNoAnswer, l.stamped("create conversation", full)
	for range attempts {
		var made conversations.Conversation
		err := create.send(want.Attributes, func(attributes string) (err error) {
			if err = l.proceed(ctx); err != nil {
				return err
			}
			want.Attributes = attributes
			made, err = l.Target.AppendConversation(migrate.Ranked(ctx, l.afterUsers), l.TargetService, want)
			l.dog.Progress()
			return err
		})
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
			return l.accept(ctx, create, want, made)
		}
		found, err := l.findSent(ctx, create, want)
		drop, err := l.withoutName(full, err)
		if found || err != nil {
			return err
		}
		if drop {
			want.UniqueName = ""
		}
	}
	return &migrate.Error{Op: "create conversation", Kind: migrate.Unavailable, SID: l.Channel.SID, Err: last, Hint: "run the same command again to resume"}
}

// afterUsers is the rank of a create: it goes after the users of lanes as long as this
// one, which could not begin otherwise until all have their conversation.
func (l *lane) afterUsers() int64 { return l.clock.Left() - 1 }

// asCompared is a conversation with its text in the form that candidates are
// compared in: channels that differ in less may be taken for each other.
func asCompared(c conversations.Conversation) conversations.Conversation {
	c.FriendlyName, c.UniqueName, c.Attributes = origin.Body(c.FriendlyName), origin.Body(c.UniqueName), origin.Attributes(c.Attributes)
	return c
}

// stamped is the channel as its conversation bears its attributes: with the stamp,
// whatever is sent in their place.
func (l *lane) stamped(op string, full chat.Channel) outgoing {
	o := l.outgoing(op, full.SID)
	if !l.Settings.Mapper.NoStamp {
		o.stamp = func(attributes string) string {
			full.Attributes = &attributes
			again, _ := l.Settings.Mapper.Channel(full) // what it finds was found before
			return again.Attributes
		}
	}
	return o
}

// doubtCreate notes that a conversation may have been made, so that later runs
// look for it too.
func (l *lane) doubtCreate(ctx context.Context) error {
	l.Neighbours.Spare()
	return l.putDoubt(ctx, migrate.DoubtRecord{SourceIndex: migrate.NewConversation, After: -1, Sends: 1, At: time.Now()})
}

// findEarlier opens the conversation that an earlier run made, if there is one.
func (l *lane) findEarlier(ctx context.Context, full chat.Channel, want conversations.Conversation) (bool, error) {
	there, err := l.Neighbours.Candidates(ctx, l.Channel.SID, want)
	if err != nil || len(there) == 0 {
		return false, err
	}
	born, err := l.Neighbours.Born(ctx)
	if err != nil {
		return false, err
	}
	is, err := l.adopt(ctx, want, origin.BornAt(born), there)
	sid := is.SID
	if err != nil || sid == "" {
		return false, err
	}
	l.Record.Adopted, l.Record.BornAt = true, born
	l.birth, l.unsure = origin.BornAt(born), true
	l.event(migrate.Notice, "adopted a conversation from an earlier run", migrate.KeyChannel, l.Channel.SID, migrate.KeyConversation, sid)
	if !is.Bare { // people had all the time since the ledger was lost to change it
		return true, l.opened(ctx, sid)
	}
	o := l.stamped("adopt conversation", full)
	return true, l.accept(ctx, o, o.asRefused(want, of(sid, there)), of(sid, there))
}

func of(sid string, all []conversations.Conversation) conversations.Conversation {
	return all[slices.IndexFunc(all, func(c conversations.Conversation) bool { return c.SID == sid })]
}

// findSent opens the conversation that a create without an answer made, if there
// is one.
func (l *lane) findSent(ctx context.Context, create outgoing, want conversations.Conversation) (bool, error) {
	there, err := l.Neighbours.CandidatesNow(ctx, l.Channel.SID, want)
	if err != nil || len(there) == 0 {
		return false, err
	}
	is, err := l.adopt(ctx, want, l.birth, there)
	switch {
	case err != nil:
		return false, err
	case is.SID != "":
		l.wrote, l.created = true, true
		return true, l.accept(ctx, create, want, of(is.SID, there))
	case want.UniqueName != "":
		return false, nameTaken(want, there[0].SID)
	}
	return false, nil
}

// withoutName decides, where a unique name is somebody else's, whether to go on
// without it. Any other error is returned as it is.
func (l *lane) withoutName(full chat.Channel, err error) (drop bool, failed error) {
	e, ok := errors.AsType[*migrate.Error](err)
	if !ok || e.Code != migrate.CodeUniqueNameExists {
		return false, err
	}
	drop, found := l.Settings.Mapper.NameTaken(full)
	l.Findings.Add(found)
	if !drop {
		e.Hint = migrate.HintOf(migrate.BlockedError(e.Op, l.Channel.SID, found))
		return false, e
	}
	return true, nil
}

// accept opens a conversation in which nothing is yet, if it is stored as it was
// sent, or a policy lets it pass. If not, the ledger keeps it as planned: the next
// run looks at it and says it again, and makes no other one beside it. Deleting it
// would make one more in each run, of every channel of such a service, and none
// that a person could look at.
func (l *lane) accept(ctx context.Context, o outgoing, sent, stored conversations.Conversation) error {
	sent.DateUpdated = time.Time{} // every write moves it: it is set, and compared, last
	if err := asSent(o, sent, stored, stored.SID); err != nil {
		if failed := l.opens(ctx, stored.SID, migrate.Planned); failed != nil {
			return failed
		}
		return err
	}
	return l.opened(ctx, stored.SID)
}

// otherwise looks again at the conversation that an earlier run made, and that was
// stored otherwise. If the source changed since, it is brought up to date first. It
// reports whether it is still there.
func (l *lane) otherwise(ctx context.Context, full chat.Channel, want conversations.Conversation) (bool, error) {
	there, err := l.Target.Conversation(ctx, l.TargetService, l.Record.TargetSID)
	if migrate.KindOf(err) == migrate.NotFound {
		l.Record.TargetSID = "" // nothing was in it
		return false, nil
	}
	if err != nil {
		return false, err
	}
	o := l.stamped("create conversation", full)
	if digest := digestOfFields(want); digest != l.Record.Digest {
		if err := l.Neighbours.Mute(ctx); err != nil {
			return true, err
		}
		want.Attributes = mapping.ExplicitAttributes(want.Attributes)
		if want, there, err = l.set(ctx, o, want); err != nil {
			return true, err
		}
		l.wrote, l.Record.Digest = true, digest
		return true, l.accept(ctx, o, want, there)
	}
	return true, l.accept(ctx, o, o.asRefused(want, there), there)
}

// opened notes the conversation of the channel. If another channel has it, only
// this lane stops, and its record stays without one.
func (l *lane) opened(ctx context.Context, sid string) error { return l.opens(ctx, sid, migrate.Open) }

func (l *lane) opens(ctx context.Context, sid string, stage migrate.Stage) error {
	if err := l.Neighbours.Reserve(sid, l.Channel.SID); err != nil {
		return err
	}
	before := l.Record
	l.Record.TargetSID, l.Record.Writing = sid, stage == migrate.Open
	err := l.advance(ctx, stage)
	if e, ok := errors.AsType[*migrate.Error](err); ok && e.Kind == migrate.Conflict {
		l.Record = before
		return e // not fatal: the ledger goes on
	}
	return err
}
