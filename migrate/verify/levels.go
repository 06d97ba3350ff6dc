package verify

import (
	"context"
	"iter"

	"chatbridge/mapping/chat"
	"chatbridge/migrate"
	"chatbridge/migrate/internal/drain"
)

// place notes where a user or a channel is in the target, for the comparison of
// notification levels, which is about both.
func (s *verifiedService) place(sourceSID, targetSID string) {
	if !s.set.UserChannels {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.placed.Set(sourceSID, targetSID)
}

// compareLevels compares the notification levels of every user.
func (s *verifiedService) compareLevels(ctx context.Context) error {
	if !s.set.UserChannels {
		return nil
	}
	listed := func(ctx context.Context) iter.Seq2[chat.User, error] { return s.Source.Users(ctx, s.source.SID) }
	return drain.Each(ctx, s.set.Concurrency, listed, func(u chat.User) drain.Job {
		target := s.placed.Other(u.SID)
		if target == "" {
			return nil
		}
		user := migrate.EntityRecord{SourceSID: u.SID, TargetSID: target}
		return unpaused(func(ctx context.Context) error { return s.compareLevelsOf(ctx, user, u.Identity) })
	})
}

// compareLevelsOf compares those that the source shows, of conversations that
// the user is in. What is not there is missing as a member.
func (s *verifiedService) compareLevelsOf(ctx context.Context, user migrate.EntityRecord, identity string) error {
	withheld := func() { s.withheld(migrate.KindUserChannels, user.SourceSID, "") }
	want := map[string]string{}     // by conversation
	channels := map[string]string{} // likewise
	for c, err := range migrate.UnlessWithheld(migrate.UserChannels(ctx, s.Source, s.source.SID, user.SourceSID), withheld) {
		if migrate.Unreadable(err) {
			return s.report(Difference{Class: Missing, Kind: migrate.KindUserChannels, SourceSID: user.SourceSID, TargetSID: user.TargetSID, Name: identity, Detail: err.Error()})
		}
		if err != nil {
			return err
		}
		level, known, _ := s.set.Mapper.UserChannel(c)
		if target := s.placed.Other(c.ChannelSID); known && target != "" {
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
		s.compared(migrate.KindUserChannels, 1)
		if level == have.NotificationLevel {
			continue
		}
		channel := migrate.ChannelRecord{SourceSID: channels[have.ConversationSID], TargetSID: have.ConversationSID}
		if err := s.report(Difference{
			Class: Altered, Kind: migrate.KindUserChannels, Channel: channel.SourceSID, SourceSID: user.SourceSID, TargetSID: user.TargetSID, Name: identity,
			Field: "notification_level", fix: levelFix{s.target, user, channel, level},
		}); err != nil {
			return err
		}
	}
	return nil
}
