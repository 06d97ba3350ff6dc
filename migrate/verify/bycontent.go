package verify

import (
	"context"
	"hash/maphash"
	"iter"
	"slices"
	"time"

	"chatbridge/mapping"
	"chatbridge/mapping/chat"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/origin"
)

// How much is read to find out whose something is that has no stamp: so many
// channels of the source are looked for in a service, and so many messages, and
// participants, of a conversation tell.
const (
	channelsCompared = 1000
	channelsTried    = 10
	evidence         = 200
)

// byMark are the conversations of a service that bear no stamp, by what the source
// determines of them. It holds marks as hashes, and about a hundred bytes of each
// conversation. The zero value is empty.
type byMark struct {
	latest map[uint64]int32 // of each mark, its place in bears
	bears  []bearer
	sids   migrate.SIDList
	dates  []time.Time // when those were created
}

// bearer is a conversation that bears a mark, and the one that bore it before.
type bearer struct {
	conversation int32 // place in sids
	before       int32 // in bears; none below 0
}

func (b *byMark) put(c conversations.Conversation) {
	if b.latest == nil {
		b.latest = map[uint64]int32{}
	}
	at := int32(b.sids.Append(c.SID))
	b.dates = append(b.dates, c.DateCreated)
	for _, mark := range marksOf(c) {
		key := maphash.String(seed, mark)
		before, there := b.latest[key]
		if !there {
			before = -1
		}
		b.latest[key] = int32(len(b.bears))
		b.bears = append(b.bears, bearer{at, before})
	}
}

// like are those that bear a mark of a channel, each once.
func (b *byMark) like(want conversations.Conversation) []conversations.Conversation {
	var all []conversations.Conversation
	seen := map[int32]bool{}
	for _, mark := range marksOf(want) {
		first := len(all)
		next, there := b.latest[maphash.String(seed, mark)]
		for ; there && next >= 0; next = b.bears[next].before {
			if at := b.bears[next].conversation; !seen[at] {
				seen[at] = true
				all = append(all, conversations.Conversation{SID: b.sids.At(int(at)), DateCreated: b.dates[at]})
			}
		}
		slices.Reverse(all[first:]) // as they were listed
	}
	return all
}

// marksOf are a date with each of the names. No person can set the date.
func marksOf(c conversations.Conversation) []string {
	if c.DateCreated.IsZero() {
		return nil
	}
	date := c.DateCreated.UTC().Format(time.RFC3339)
	marks := []string{"name " + date + " " + origin.Body(c.FriendlyName)}
	if c.UniqueName != "" {
		marks = append(marks, "unique name "+date+" "+origin.Body(c.UniqueName))
	}
	return marks
}

// heldBy reports whether a service has the conversation of a channel, which only a
// migration can have written, or is vacant, as one leaves it if there is no channel.
func (s *verifiedService) heldBy(ctx context.Context, t conversations.Service) (ours, vacant bool, err error) {
	holds, there := origin.Inhabited{Birth: origin.BornAt(t.DateCreated)}, &byMark{}
	for c, err := range s.Target.Conversations(ctx, t.SID) {
		if err != nil {
			return false, false, err
		}
		holds.Conversations++
		if sid, _ := stampOf(c.Attributes); sid == "" {
			there.put(c)
		}
	}
	if holds.Conversations == 0 {
		for _, err := range s.Source.Channels(ctx, s.source.SID) {
			return false, false, err // what has channels is not brought over by an empty service
		}
		holds.Strangers, err = s.strangers(ctx, t.SID)
		return false, err == nil && holds.Tenancy() == origin.Vacant, err
	}
	compared, tried := 0, 0
	for c, err := range s.Source.Channels(ctx, s.source.SID) {
		if err != nil {
			return false, false, err
		}
		want, _ := s.set.Mapper.Channel(c)
		if like := there.like(want); len(like) > 0 {
			sid, err := s.adopted(ctx, t, c, want, like)
			if err != nil || sid != "" {
				return sid != "", false, err
			}
			tried++
		}
		if compared++; compared == channelsCompared || tried == channelsTried {
			break
		}
	}
	return false, false, nil
}

// strangers counts the people of a service whom the source does not have.
func (s *verifiedService) strangers(ctx context.Context, service string) (n int, err error) {
	known := map[string]bool{}
	for u, err := range s.Source.Users(ctx, s.source.SID) {
		if err != nil {
			return 0, err
		}
		known[s.set.Mapper.Identity(u.Identity)] = true
	}
	for u, err := range s.Target.Users(ctx, service) {
		if err != nil {
			return 0, err
		}
		if !known[u.Identity] {
			n++
		}
	}
	return n, nil
}

// adopted is which of these conversations a migration would adopt for a channel
// because it holds what only a migration can have written; empty if none is, or if
// nobody can tell.
func (s *verifiedService) adopted(ctx context.Context, t conversations.Service, c chat.Channel, want conversations.Conversation, there []conversations.Conversation) (string, error) {
	ch := origin.Channel{SID: c.SID, Want: want, Former: map[string]string{}}
	former := s.set.Mapper
	former.Rename = nil
	undated := mapping.Undated(c, s.source)
	for m, err := range first(s.Source.Messages(ctx, s.source.SID, c.SID, migrate.Span{After: migrate.All})) {
		if err != nil {
			return "", unlessGone(err)
		}
		sent, _ := s.set.Mapper.Message(m, undated)
		before, _ := former.Message(m, undated)
		undated = sent.DateCreated
		ch.Messages = append(ch.Messages, origin.WantOf(m.SID, m.Index, before.Author, sent))
	}
	for m, err := range s.Source.Members(ctx, s.source.SID, c.SID) {
		if err != nil {
			return "", unlessGone(err)
		}
		p, _ := s.set.Mapper.Member(m, mapping.Roles{})
		ch.Members = append(ch.Members, p)
		ch.Former[p.Identity] = former.Identity(m.Identity)
	}
	var candidates []origin.Candidate
	for _, conv := range there {
		one := origin.Candidate{Conversation: conv, Birth: origin.BornAt(t.DateCreated)}
		for m, err := range first(s.Target.Messages(ctx, t.SID, conv.SID, false)) {
			if err != nil {
				return "", unlessGone(err)
			}
			one.Messages = append(one.Messages, origin.HaveOf(m))
		}
		for p, err := range first(s.Target.Participants(ctx, t.SID, conv.SID)) {
			if err != nil {
				return "", unlessGone(err)
			}
			one.Participants = append(one.Participants, p)
		}
		candidates = append(candidates, one)
	}
	is := origin.Adopt(ch, candidates)
	if is.Bare {
		return "", nil
	}
	return is.SID, nil
}

// unlessGone passes on what is not about one channel, or one conversation, that was
// deleted meanwhile or cannot be read.
func unlessGone(err error) error {
	if migrate.KindOf(err) == migrate.NotFound || migrate.Unreadable(err) {
		return nil
	}
	return err
}

// first ends a sequence when there is evidence enough.
func first[T any](all iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		n := 0
		for x, err := range all {
			if n++; !yield(x, err) || err != nil || n == evidence {
				return
			}
		}
	}
}
