package replay

import (
	"context"

	"chatbridge/migrate"
)

// raiseLimits gives the target service the ceilings that the plan needs, before a
// lane runs into them. Ceilings are never lowered. Where the service refuses,
// the lanes that are too large say so themselves, and the others go on.
func (s *service) raiseLimits(ctx context.Context, plan []planned) error {
	var members, channels int64
	for _, p := range plan {
		members = max(members, p.members)
	}
	for _, u := range s.users.inOrder {
		channels = max(channels, u.listed.joined)
	}
	if members <= migrate.DefaultChannelMembers && channels <= migrate.DefaultUserChannels {
		return nil
	}
	have, err := s.Target.Limits(ctx, s.target)
	if err != nil {
		return s.notRaised(ctx, err)
	}
	want := migrate.Limits{
		ChannelMembers: needed(members, have.ChannelMembers, s.source.Limits.ChannelMembers),
		UserChannels:   needed(channels, have.UserChannels, s.source.Limits.UserChannels),
	}
	if want == (migrate.Limits{}) {
		return nil
	}
	if err := s.proceed(ctx); err != nil {
		return err
	}
	if err := s.Target.SetLimits(ctx, s.target, want); err != nil {
		return s.notRaised(ctx, err)
	}
	s.event(migrate.Notice, "raised the limits of the service", migrate.KeyService, s.target, "channel_members", want.ChannelMembers, "user_channels", want.UserChannels)
	return nil
}

func (s *service) notRaised(ctx context.Context, err error) error {
	if migrate.EndsRun(ctx, err) {
		return err
	}
	s.event(migrate.Warning, "the limits of the service could not be raised; channels over them will be stopped", migrate.KeyService, s.target, migrate.KeyReason, err.Error())
	return nil
}

// needed is the ceiling to set: what the source allows, and at least what it
// holds; 0 where the target admits enough.
func needed(holds int64, admits int, allowed *int64) int {
	if int64(admits) >= min(holds, migrate.MaxLimit) {
		return 0
	}
	if allowed != nil {
		holds = max(holds, *allowed)
	}
	return int(min(holds, migrate.MaxLimit))
}
