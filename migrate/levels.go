package migrate

import (
	"context"
	"iter"

	"golang.org/x/sync/errgroup"

	"chatbridge/mapping/chat"
	"chatbridge/mapping/conversations"
)

// levels sets, for each user, which conversations do not notify them. It comes
// after the lanes, because only who is in a conversation can mute it. A level
// sends no push.
func (s *service) levels(ctx context.Context) error {
	if !s.set.UserChannels {
		return nil
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(gateAtOnce)
	for _, one := range s.users.inOrder {
		g.Go(func() error { return quietly(s.levelsOf(gctx, one.source.SID)) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return s.proceed(ctx)
}

func (s *service) levelsOf(ctx context.Context, userSID string) error {
	if err := s.proceed(ctx); err != nil {
		return err
	}
	user, known, err := s.Ledger.Entity(ctx, UserEntity, userSID)
	if err != nil || !known {
		return fatal(err)
	}
	muted := map[string]EntityRecord{}
	for rec, err := range s.Ledger.Entities(ctx, UserChannelEntity, userSID) {
		if err != nil {
			return fatal(err)
		}
		muted[rec.SourceSID] = rec
	}
	withheld := func() { s.findings.add(s.set.Mapper.NotShown(KindUserChannels, userSID, "")) }
	for c, err := range unlessWithheld(userChannels(ctx, s.Source, s.source.SID, userSID), withheld) {
		if unreadable(err) {
			s.fail(ctx, KindUserChannels, userSID, user.TargetSID, err)
			return nil
		}
		if err != nil {
			return err
		}
		if err := s.level(ctx, user, c, muted[levelKey(userSID, c.ChannelSID)]); err != nil {
			return err
		}
	}
	return nil
}

// level brings one channel of a user over. before is what an earlier run
// muted. It is about another conversation, or another user, where those were
// deleted and made anew.
func (s *service) level(ctx context.Context, user EntityRecord, c chat.UserChannel, before EntityRecord) error {
	level, known, found := s.set.Mapper.UserChannel(c)
	muted := level == conversations.NotificationsMuted
	if len(found) == 0 && !muted && (!known || before.SourceSID == "") {
		return nil
	}
	channel, ok, err := s.Ledger.Channel(ctx, c.ChannelSID)
	if err != nil || !ok || channel.TargetSID == "" {
		return fatal(err)
	}
	s.findings.add(found)
	if !known {
		return nil
	}
	if c.MemberSID != "" {
		_, joined, err := s.Ledger.Entity(ctx, MemberEntity, c.MemberSID)
		if err != nil || !joined {
			return fatal(err) // who was left out was said with the member
		}
	}
	rec := levelRecord(user, channel)
	s.tally.expect(KindUserChannels, 1)
	s.tally.seen(KindUserChannels, 1)
	if muted && before.TargetSID == rec.TargetSID {
		s.tally.existing(KindUserChannels, 1)
		return nil
	}
	if err := s.proceed(ctx); err != nil {
		return err
	}
	if err := s.Target.SetNotificationLevel(ctx, s.target, user.TargetSID, channel.TargetSID, level); err != nil {
		if endsRun(ctx, err) {
			return err
		}
		s.fail(ctx, KindUserChannels, rec.SourceSID, rec.TargetSID, err)
		s.tally.failed(KindUserChannels, 1)
		return nil
	}
	s.tally.written(KindUserChannels, 1)
	if err := noteLevel(ctx, s.Ledger, rec, muted); err != nil {
		return err
	}
	return s.clearFailure(ctx, rec.SourceSID)
}

// noteLevel remembers what is muted. Nothing is remembered of the rest, which
// is nearly all.
func noteLevel(ctx context.Context, l Ledger, rec EntityRecord, muted bool) error {
	if muted {
		return fatal(l.PutEntity(ctx, rec))
	}
	return fatal(l.ForgetEntity(ctx, rec.Kind, rec.SourceSID))
}

func levelRecord(user EntityRecord, channel ChannelRecord) EntityRecord {
	return EntityRecord{
		Kind:      UserChannelEntity,
		SourceSID: levelKey(user.SourceSID, channel.SourceSID),
		TargetSID: levelKey(user.TargetSID, channel.TargetSID),
		ParentSID: user.SourceSID,
	}
}

func levelKey(userSID, channelSID string) string { return userSID + "/" + channelSID }

// userChannels reads what a user has to do with channels: nothing, where the
// user is gone since they were listed.
func userChannels(ctx context.Context, src Source, serviceSID, userSID string) iter.Seq2[chat.UserChannel, error] {
	return func(yield func(chat.UserChannel, error) bool) {
		for c, err := range src.UserChannels(ctx, serviceSID, userSID) {
			if err != nil && KindOf(err) == NotFound {
				return
			}
			if !yield(c, err) {
				return
			}
		}
	}
}
