package replay

import (
	"context"

	"chatbridge/mapping/conversations"
)

func (s *service) job(p planned) Job {
	j := Job{
		Source: s.Source, Target: s.Target, Ledger: s.Ledger, Observer: s.Observer, Settings: s.set,
		Service: s.source, TargetService: s.target, Roles: s.roles, Channel: p.channel, Record: p.record,
		Crashed: s.crashed, Neighbours: neighbours{s}, Findings: s.findings, Counters: s.tally, Drain: s.Drain,
	}
	if !s.fresh { // or nothing can have been sent into it before
		j.SettledAt = s.settledAt
	}
	return j
}

// neighbours is what the lanes of a service share, as they see it.
type neighbours struct{ *service }

func (n neighbours) EnsureUser(ctx context.Context, identity string) error {
	return n.users.ensure(ctx, identity)
}

func (n neighbours) Mute(ctx context.Context) error { return n.muteNotifications(ctx) }

func (n neighbours) Turn(ctx context.Context, key string) (end func(), err error) {
	return n.reserved.turn(ctx, n.target+"\x00"+key)
}

func (n neighbours) Reserve(conversationSID, channelSID string) error {
	return n.reserved.reserve(conversationSID, channelSID)
}

func (n neighbours) Claim(ctx context.Context, channelSID string, want conversations.Conversation) (string, error) {
	return n.stamps.claim(ctx, channelSID, want)
}

func (n neighbours) Search(ctx context.Context, channelSID string, want conversations.Conversation) (string, error) {
	return n.stamps.search(ctx, channelSID, want)
}
