package verify

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"slices"

	"chatbridge/mapping"
	"chatbridge/mapping/chat"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
)

func (s *verifiedService) listConversations(ctx context.Context) error {
	s.stamped, s.byName, s.byMark = stamped{}, byName{}, byMark{}
	for conv, err := range s.Target.Conversations(ctx, s.target) {
		if err != nil {
			return err
		}
		sid, from := stampOf(conv.Attributes)
		if sid != "" && from == s.source.SID {
			s.stamped.put(sid, conv.SID)
			continue
		}
		s.byName.put(conv)
		if sid == "" {
			s.byMark.put(conv)
		}
	}
	return nil
}

// stamped are the conversations that bear the stamp of a channel. There is one of each,
// nearly always. The zero value is empty.
type stamped struct {
	first migrate.SIDPairs    // source channel to its conversation
	more  map[string][]string // its other conversations
}

func (s *stamped) put(channelSID, conversationSID string) {
	if s.first.Other(channelSID) == "" {
		s.first.Set(channelSID, conversationSID)
		return
	}
	if s.more == nil {
		s.more = map[string][]string{}
	}
	s.more[channelSID] = append(s.more[channelSID], conversationSID)
}

// of are those of one channel, as they were listed.
func (s *stamped) of(channelSID string) []string {
	first := s.first.Other(channelSID)
	if first == "" {
		return nil
	}
	return append([]string{first}, s.more[channelSID]...)
}

// without are the channels that are stamped and not in a set, sorted.
func (s *stamped) without(seen *migrate.SIDSet) (channels []string) {
	for sid := range s.first.SIDs() {
		if !seen.Has(sid) {
			channels = append(channels, sid)
		}
	}
	slices.Sort(channels)
	return channels
}

// byName are conversations without a stamp by their recognition keys, as hashes. Of two
// with the same key it has the one that came last. The zero value is empty.
type byName struct {
	places map[uint64]int
	sids   migrate.SIDList
}

func (b *byName) put(c conversations.Conversation) {
	if b.places == nil {
		b.places = map[uint64]int{}
	}
	b.places[maphash.String(seed, mapping.Recognition(c))] = b.sids.Append(c.SID)
}

// is the conversation with the key of another one; empty if there is none.
func (b *byName) is(want conversations.Conversation) string {
	place, there := b.places[maphash.String(seed, mapping.Recognition(want))]
	if !there {
		return ""
	}
	return b.sids.At(place)
}

// conversationOf finds the conversation of a channel.
func (s *verifiedService) conversationOf(ctx context.Context, c chat.Channel, want conversations.Conversation, f *channelFound) (conversations.Conversation, bool, error) {
	sid := ""
	if s.Ledger != nil {
		rec, ok, err := s.Ledger.Channel(ctx, c.SID)
		if err != nil {
			return conversations.Conversation{}, false, err
		}
		if ok {
			sid, f.born = rec.TargetSID, rec.BornAt
		}
	}
	if stamped := s.stamped.of(c.SID); len(stamped) > 0 {
		if sid == "" {
			sid = stamped[0]
		}
		for _, other := range stamped {
			if other != sid {
				f.add(Difference{Class: Doubled, Kind: migrate.KindChannels, Channel: c.SID, SourceSID: c.SID, TargetSID: other,
					Detail: fmt.Sprintf("bears the stamp of the channel, which has %s", sid)})
			}
		}
	}
	proved := sid != ""
	if sid == "" {
		sid = s.byName.is(want)
	}
	if like := s.byMark.like(want); sid == "" && len(like) > 0 {
		born, err := s.bornAt(ctx)
		if err != nil {
			return conversations.Conversation{}, false, err
		}
		if sid, err = s.adopted(ctx, conversations.Service{SID: s.target, DateCreated: born}, c, want, like); err != nil {
			return conversations.Conversation{}, false, err
		}
	}
	if sid == "" || !proved && !s.hold(sid, c.SID) {
		return conversations.Conversation{}, false, nil
	}
	have, err := s.Target.Conversation(ctx, s.target, sid)
	if err != nil {
		if e, ok := errors.AsType[*migrate.Error](err); ok && e.Kind == migrate.NotFound {
			return conversations.Conversation{}, false, nil
		}
		return conversations.Conversation{}, false, err
	}
	return have, true, nil
}
