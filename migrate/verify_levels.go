package migrate

import (
	"cmp"
	"context"

	"golang.org/x/sync/errgroup"
)

// place notes where a user or a channel is in the target, for the comparison of
// notification levels, which is about both.
func (s *verifiedService) place(sourceSID, targetSID string) {
	if !s.set.UserChannels {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.placed == nil {
		s.placed = map[string]string{}
	}
	s.placed[sourceSID] = targetSID
}

// compareLevels compares the notification levels of every user.
func (s *verifiedService) compareLevels(ctx context.Context) error {
	if !s.set.UserChannels {
		return nil
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(s.set.Concurrency)
	for u, err := range s.Source.Users(gctx, s.source.SID) {
		if err != nil {
			return cmp.Or(g.Wait(), err)
		}
		if target := s.placed[u.SID]; target != "" {
			user := EntityRecord{SourceSID: u.SID, TargetSID: target}
			g.Go(func() error { return s.compareLevelsOf(gctx, user) })
		}
	}
	return g.Wait()
}

// compareLevelsOf compares those that the source shows, of conversations that
// the user is in. What is not there is missing as a member.
func (s *verifiedService) compareLevelsOf(ctx context.Context, user EntityRecord) error {
	want := map[string]string{}     // by conversation
	channels := map[string]string{} // likewise
	for c, err := range userChannels(ctx, s.Source, s.source.SID, user.SourceSID) {
		if err != nil {
			return err
		}
		level, known, _ := s.set.Mapper.UserChannel(c)
		if target := s.placed[c.ChannelSID]; known && target != "" {
			want[target], channels[target] = level, c.ChannelSID
		}
	}
	if len(want) == 0 {
		return nil
	}
	for have, err := range s.Target.UserConversations(ctx, s.target, user.TargetSID) {
		if err != nil {
			return err
		}
		level := want[have.ConversationSID]
		if level == "" {
			continue
		}
		s.compared(KindUserChannels, 1)
		if level == have.NotificationLevel {
			continue
		}
		channel := ChannelRecord{SourceSID: channels[have.ConversationSID], TargetSID: have.ConversationSID}
		if err := s.report(Difference{
			Class: Altered, Kind: KindUserChannels, Channel: channel.SourceSID, SourceSID: user.SourceSID, TargetSID: user.TargetSID,
			Field: "notification_level", fix: levelFix{s.target, user, channel, level},
		}); err != nil {
			return err
		}
	}
	return nil
}
