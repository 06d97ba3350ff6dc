package replay

import (
	"context"

	"chatbridge/migrate"
	"chatbridge/migrate/internal/drain"
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
	_, err := s.raise(ctx, members, channels)
	return err
}

// raise makes room for so many members in a channel, and channels of a user, and reports
// whether a ceiling was raised.
func (s *service) raise(ctx context.Context, members, channels int64) (bool, error) {
	have, err := s.Target.Limits(ctx, s.target)
	if err != nil {
		return false, s.notRaised(ctx, err)
	}
	want := migrate.Limits{
		ChannelMembers: needed(members, have.ChannelMembers, s.source.Limits.ChannelMembers),
		UserChannels:   needed(channels, have.UserChannels, s.source.Limits.UserChannels),
	}
	if want == (migrate.Limits{}) {
		return false, nil
	}
	if err := s.proceed(ctx); err != nil {
		return false, err
	}
	if err := s.Target.SetLimits(ctx, s.target, want); err != nil {
		return false, s.notRaised(ctx, err)
	}
	s.event(migrate.Notice, "raised the limits of the service", migrate.KeyService, s.target, "channel_members", want.ChannelMembers, "user_channels", want.UserChannels)
	return true, nil
}

// ceilings knows which limits were raised because somebody was refused, by the code of
// that; false if they could not be.
type ceilings struct {
	drain.Latch
	raised map[int]bool
}

// makeRoom raises a ceiling, once for all lanes, as far as it goes: the counters that the
// plan goes by may be too low, and people may have come in the target.
func (s *service) makeRoom(ctx context.Context, code int) (bool, error) {
	c := &s.ceilings
	if err := c.Lock(ctx); err != nil {
		return false, err
	}
	defer c.Unlock()
	if raised, tried := c.raised[code]; tried {
		return raised, nil
	}
	members, channels := int64(migrate.MaxLimit), int64(0)
	if code == migrate.CodeConversationLimit {
		members, channels = 0, migrate.MaxLimit
	}
	raised, err := s.raise(ctx, members, channels)
	if c.raised == nil {
		c.raised = map[int]bool{}
	}
	c.raised[code] = raised
	return raised, err
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
