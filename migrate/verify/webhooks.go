package verify

import (
	"context"
	"slices"

	"chatbridge/mapping"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
)

// compareWebhooks compares the webhooks of a channel, if they were to be carried.
// Others that the conversation has are anybody's. What is missing is made by the next
// migration: a repair makes none, because it is not the last to write.
func (s *verifiedService) compareWebhooks(ctx context.Context, f *channelFound) error {
	if !s.set.Mapper.CarriesWebhooks() {
		return nil
	}
	var have []conversations.ConversationWebhook
	read := false
	for w, err := range migrate.UnlessWithheld(s.Source.Webhooks(ctx, s.source.SID, f.source), func() {}) {
		if err != nil {
			return err
		}
		want, carried, _ := s.set.Mapper.ChannelWebhook(w)
		if !carried {
			continue
		}
		if !read {
			if have, err = collect(s.Target.Webhooks(ctx, s.target, f.target)); err != nil {
				return err
			}
			read = true
		}
		s.compared(migrate.KindWebhooks, 1)
		at := slices.IndexFunc(have, func(h conversations.ConversationWebhook) bool { return mapping.SameWebhook(want, h) })
		if at < 0 {
			f.add(Difference{Class: Missing, Kind: migrate.KindWebhooks, Channel: f.source, SourceSID: w.SID, TargetSID: f.target, Name: w.Type, Detail: "no webhook of the conversation does the same"})
			continue
		}
		have = slices.Delete(have, at, at+1)
	}
	return nil
}
