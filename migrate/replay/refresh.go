package replay

import (
	"cmp"
	"context"
	"hash/fnv"
	"io"
	"slices"

	"chatbridge/mapping"
	"chatbridge/mapping/chat"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
)

// digestOfFields tells two states of what a conversation is called and marked
// with apart.
func digestOfFields(c conversations.Conversation) int64 {
	h := fnv.New64a()
	for _, s := range []string{c.FriendlyName, c.UniqueName, mapping.CanonicalAttributes(c.Attributes)} {
		_, _ = io.WriteString(h, s+"\x00") // never fails
	}
	return int64(h.Sum64())
}

// refresh brings the name and the attributes of a conversation up to date where
// those of the channel changed since they were carried over. What people
// changed in the target stays as long as the source does not change.
func (l *lane) refresh(ctx context.Context) error {
	if l.Record.DateUpdated.Equal(l.Channel.DateUpdated.Time) {
		return nil
	}
	full, err := l.Source.Channel(ctx, l.Service.SID, l.Channel.SID)
	if err != nil {
		return err
	}
	want, found := l.Settings.Mapper.Channel(full)
	if mapping.Blocked(found) {
		return migrate.BlockedError("map channel", l.Channel.SID, found)
	}
	if digest := digestOfFields(want); digest != l.Record.Digest {
		o := l.stamped("set conversation", full)
		want.Attributes = mapping.ExplicitAttributes(want.Attributes)
		sent, stored, err := l.set(ctx, o, want)
		if err != nil {
			return err
		}
		if err := asSent(o, sent, stored, sent.SID); err != nil {
			return err
		}
		l.wrote, l.Record.Digest = true, digest
	}
	l.moved = true
	return nil
}

// set brings the conversation to what is wanted; what is empty stays. It says what
// was sent, and what the service stored.
func (l *lane) set(ctx context.Context, o outgoing, want conversations.Conversation) (sent, stored conversations.Conversation, err error) {
	want.SID = l.Record.TargetSID
	asked, reply := migrate.WithReply[conversations.Conversation](ctx)
	err = o.send(want.Attributes, func(attributes string) error {
		if err := l.proceed(ctx); err != nil {
			return err
		}
		if attributes != want.Attributes {
			want.Attributes = mapping.ExplicitAttributes(attributes)
		}
		return l.Target.SetConversation(asked, l.TargetService, want)
	})
	if err != nil {
		return want, want, err
	}
	if got, shown := reply(); shown {
		return want, got, nil
	}
	return want, want, nil
}

// since yields the messages of a channel that a finished lane does not have
// yet. They are read newest first, so that a long channel with a few new ones
// takes one request; where there are many, it is read in order after all.
func (l *lane) since(ctx context.Context, after int64) ([]chat.Message, bool, error) {
	var kept []chat.Message
	for m, err := range l.Source.Messages(ctx, l.Service.SID, l.Channel.SID, migrate.Span{After: after, NewestFirst: true}) {
		if err != nil {
			return nil, false, err
		}
		if len(kept) == sinceKept {
			return nil, false, nil
		}
		kept = append(kept, m)
	}
	slices.SortFunc(kept, func(a, b chat.Message) int { return cmp.Compare(a.Index, b.Index) })
	return kept, true, nil
}

// sinceKept is how many new messages of a channel are held in memory: one page.
const sinceKept = 100

// afterPass is the context in which the members are listed. In a channel that is done,
// and that counts as many messages as before, an earlier pass decided who is dormant:
// it was told that number before it asked, and with other settings the ledger would
// not say that the channel was listed.
func (l *lane) afterPass(ctx context.Context) (context.Context, error) {
	if l.Record.Stage != migrate.Done || !l.Record.Listed.Known {
		return ctx, nil
	}
	newest, err := l.newest(ctx)
	if err != nil {
		return ctx, err
	}
	return migrate.AfterPass(ctx, migrate.Pass{Newest: newest.SourceIndex, Member: func(ctx context.Context, sid string) (brought, dormant bool, err error) {
		if _, brought, err = l.Ledger.Entity(ctx, migrate.MemberEntity, sid); brought || err != nil {
			return brought, false, migrate.Fatal(err)
		}
		dormant, err = l.Ledger.Found(ctx, mapping.MemberDormant, sid)
		return false, dormant, migrate.Fatal(err)
	}}), nil
}

// bringUpToDate writes the text of messages that were edited in the source since
// they were sent.
func (l *lane) bringUpToDate(ctx context.Context, seen *look) error {
	if len(seen.edited) > 0 {
		if err := l.Neighbours.Mute(ctx); err != nil {
			return err
		}
	}
	for _, r := range seen.edited {
		looked, err := l.looking(ctx)
		if err != nil {
			return err
		}
		for w, err := range l.wantsAfter(looked, r.SourceIndex-1) {
			if err != nil {
				return err
			}
			if w.Index != r.SourceIndex {
				break // deleted meanwhile
			}
			if err := l.edit(looked, w, r.TargetSID, seen.old()); err != nil {
				return err
			}
			break
		}
	}
	return nil
}

// edit gives a message of the target its text. If what was seen of it is old, it
// leaves one as it is that is gone, or that somebody changed meanwhile.
func (l *lane) edit(ctx context.Context, w wanted, targetSID string, old bool) error {
	if old {
		there, err := l.Target.Message(ctx, l.TargetService, l.Record.TargetSID, targetSID)
		switch {
		case err != nil && migrate.KindOf(err) == migrate.NotFound:
			return nil
		case err != nil:
			return err
		case !editedSince(w.message, there):
			return nil
		}
	}
	if err := l.proceed(ctx); err != nil {
		return err
	}
	want := w.message
	want.SID = targetSID
	want = mapping.MessageUpdate(want)
	l.wrote = true
	asked, stored := migrate.WithReply[conversations.Message](ctx)
	if err := l.Target.SetMessage(asked, l.TargetService, l.Record.TargetSID, want); err != nil {
		return err
	}
	if got, shown := stored(); shown {
		return asSent(l.outgoing("set message", w.source.SID), want, got, targetSID+" in "+l.Record.TargetSID)
	}
	return nil
}
