package verify

import (
	"context"
	"errors"
	"fmt"

	"chatbridge/mapping"
	"chatbridge/mapping/chat"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
)

func (s *verifiedService) listConversations(ctx context.Context) error {
	s.stamped, s.byName, s.byMark = map[string][]string{}, map[string]string{}, byMark{}
	for conv, err := range s.Target.Conversations(ctx, s.target) {
		if err != nil {
			return err
		}
		sid, from := stampOf(conv.Attributes)
		if sid != "" && from == s.source.SID {
			s.stamped[sid] = append(s.stamped[sid], conv.SID)
			continue
		}
		s.byName[mapping.Recognition(conv)] = conv.SID
		if sid == "" {
			s.byMark.put(conv)
		}
	}
	return nil
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
	if stamped := s.stamped[c.SID]; len(stamped) > 0 {
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
		sid = s.byName[mapping.Recognition(want)]
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
