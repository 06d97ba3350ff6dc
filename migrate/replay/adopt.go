package replay

import (
	"context"
	"iter"

	"chatbridge/mapping"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/origin"
)

// evidence is how many messages, and how many participants, of a conversation are
// read to find out whose it is. One that only REST can have written is enough.
const evidence = 200

// adopt chooses between conversations that may be the one of this channel. The SID
// is empty if none is.
func (l *lane) adopt(ctx context.Context, want conversations.Conversation, birth origin.Birth, there []conversations.Conversation) (origin.Adoption, error) {
	ch, err := l.claims(ctx, want)
	if err != nil {
		return origin.Adoption{}, err
	}
	var candidates []origin.Candidate
	for _, c := range there {
		one := origin.Candidate{Conversation: c, Birth: birth}
		for m, err := range first(l.Target.Messages(ctx, l.TargetService, c.SID, false)) {
			if err != nil {
				return origin.Adoption{}, err
			}
			one.Messages = append(one.Messages, origin.HaveOf(m))
		}
		for p, err := range first(l.Target.Participants(ctx, l.TargetService, c.SID)) {
			if err != nil {
				return origin.Adoption{}, err
			}
			one.Participants = append(one.Participants, p)
		}
		candidates = append(candidates, one)
		l.dog.Progress()
	}
	a := origin.Adopt(ch, candidates)
	if a.Stop != nil {
		return a, &migrate.Error{
			Op: "adopt conversation", Kind: migrate.Refused, SID: l.Channel.SID, Err: a.Stop,
			Hint: "look at it in the Twilio Console. If the migration did not make it, remove the key " + mapping.StampKey + " from its attributes, or delete it if nobody needs it; then run again",
		}
	}
	if len(a.Spare) > 0 {
		l.Neighbours.Spare()
	}
	return a, nil
}

// claims is what a conversation of this channel can be recognized by.
func (l *lane) claims(ctx context.Context, want conversations.Conversation) (origin.Channel, error) {
	ch := origin.Channel{SID: l.Channel.SID, Want: want, Former: map[string]string{}}
	for w, err := range first(l.wantsAfter(ctx, migrate.All)) {
		if err != nil {
			return ch, err
		}
		ch.Messages = append(ch.Messages, w.Want)
	}
	former := l.Settings.Mapper
	former.Rename = nil
	for m, err := range l.Source.Members(ctx, l.Service.SID, l.Channel.SID) {
		if err != nil {
			return ch, err
		}
		p, _ := l.Settings.Mapper.Member(m, l.Roles)
		ch.Members = append(ch.Members, p)
		ch.Former[p.Identity] = former.Identity(m.Identity)
	}
	return ch, nil
}

// first ends a sequence when there is evidence enough.
func first[T any](all iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		n := 0
		for x, err := range all {
			if !yield(x, err) || err != nil {
				return
			}
			if n++; n == evidence {
				return
			}
		}
	}
}
