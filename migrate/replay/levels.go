package replay

import (
	"context"

	"golang.org/x/sync/errgroup"

	"chatbridge/mapping/chat"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
)

// levels sets, for each user, which conversations do not notify them. It comes
// after the lanes, because only who is in a conversation can mute it. A level
// sends no push.
func (s *service) levels(ctx context.Context) error {
	if !s.set.UserChannels {
		return nil
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(migrate.GateAtOnce)
	for _, one := range s.users.inOrder {
		g.Go(func() error { return migrate.Quietly(s.levelsOf(gctx, s.users.sids.At(int(one.place)))) })
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
	user, known, err := s.Ledger.Entity(ctx, migrate.UserEntity, userSID)
	if err != nil || !known {
		return migrate.Fatal(err)
	}
	muted := map[string]migrate.EntityRecord{}
	for rec, err := range s.Ledger.Entities(ctx, migrate.UserChannelEntity, userSID) {
		if err != nil {
			return migrate.Fatal(err)
		}
		muted[rec.SourceSID] = rec
	}
	withheld := func() { s.findings.Add(s.set.Mapper.NotShown(migrate.KindUserChannels, userSID, "")) }
	for c, err := range migrate.UnlessWithheld(migrate.UserChannels(ctx, s.Source, s.source.SID, userSID), withheld) {
		if migrate.Unreadable(err) {
			s.fail(ctx, migrate.KindUserChannels, userSID, user.TargetSID, err)
			return nil
		}
		if err != nil {
			return err
		}
		if err := s.level(ctx, user, c, muted[migrate.LevelKey(userSID, c.ChannelSID)]); err != nil {
			return err
		}
	}
	return nil
}

// level brings one channel of a user over. before is what an earlier run
// muted. It is about another conversation, or another user, where those were
// deleted and made anew.
func (s *service) level(ctx context.Context, user migrate.EntityRecord, c chat.UserChannel, before migrate.EntityRecord) error {
	level, known, found := s.set.Mapper.UserChannel(c)
	muted := level == conversations.NotificationsMuted
	if len(found) == 0 && !muted && (!known || before.SourceSID == "") {
		return nil
	}
	channel, ok, err := s.Ledger.Channel(ctx, c.ChannelSID)
	if err != nil || !ok || channel.TargetSID == "" {
		return migrate.Fatal(err)
	}
	s.findings.Add(found)
	if !known {
		return nil
	}
	if c.MemberSID != "" {
		_, joined, err := s.Ledger.Entity(ctx, migrate.MemberEntity, c.MemberSID)
		if err != nil || !joined {
			return migrate.Fatal(err) // who was left out was said with the member
		}
	}
	rec := migrate.LevelRecord(user, channel)
	s.tally.Expect(migrate.KindUserChannels, 1)
	s.tally.Seen(migrate.KindUserChannels, 1)
	if muted && before.TargetSID == rec.TargetSID {
		s.tally.Existing(migrate.KindUserChannels, 1)
		return nil
	}
	if err := s.proceed(ctx); err != nil {
		return err
	}
	if err := s.Target.SetNotificationLevel(ctx, s.target, user.TargetSID, channel.TargetSID, level); err != nil {
		if migrate.EndsRun(ctx, err) {
			return err
		}
		s.fail(ctx, migrate.KindUserChannels, rec.SourceSID, rec.TargetSID, err)
		s.tally.Failed(migrate.KindUserChannels, 1)
		return nil
	}
	s.tally.Written(migrate.KindUserChannels, 1)
	if err := migrate.NoteLevel(ctx, s.Ledger, rec, muted); err != nil {
		return err
	}
	return s.clearFailure(ctx, rec.SourceSID)
}
