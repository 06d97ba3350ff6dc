package twilio

import (
	"context"
	"iter"
	"sync/atomic"

	"chatbridge/mapping/chat"
	"chatbridge/migrate"
	"chatbridge/migrate/transport"
)

// Source reads Chat, v1 or v2.
type Source struct {
	host     *host
	media    media
	beside   *host // Conversations, of the same workspace; nil where no address of it is known
	requests requests
	slots    chan struct{} // of messages that are fetched
	notice   func(migrate.Event)
	withheld atomic.Bool // the key may not read beside
}

var _ migrate.Source = (*Source)(nil)

// NewSource returns a Source. It sends nothing. A configuration that cannot
// work is refused with Kind Usage or Credentials.
func NewSource(c Config) (*Source, error) {
	c = c.withDefaults(c.Place.ChatURL())
	c.HTTP = transport.ReadOnly(c.HTTP)
	r, err := requestsOf(c.API)
	if err != nil {
		return nil, err
	}
	h, err := newHost(c, sourceHints)
	if err != nil {
		return nil, err
	}
	s := &Source{host: h, requests: r, slots: make(chan struct{}, c.Fetchers), notice: c.Notice}
	if s.media, err = newMedia(c, sourceMediaHints); err != nil {
		return nil, err
	}
	if c.API == APIv2 && c.ConversationsURL != "" {
		c.BaseURL = c.ConversationsURL
		s.beside, err = newHost(c, sourceBesideHints)
	}
	return s, err
}

// AccountShown reports whether a reply showed the account that the credentials
// open. It is then the one that Config names: another is an error.
func (s *Source) AccountShown() bool { return s.host.accountShown.Load() }

// Services is of migrate.Source.
func (s *Source) Services(ctx context.Context) iter.Seq2[chat.Service, error] {
	return records(s.host, ctx, "list services", "", s.requests.services,
		chat.Decode[chat.Service], func(r chat.Service) string { return r.SID })
}

// Service reads one service by itself.
func (s *Source) Service(ctx context.Context, serviceSID string) (chat.Service, error) {
	return fetch[chat.Service](s.host, ctx, "read service", serviceSID, func(c *call) error {
		return s.requests.service(c, segment(serviceSID))
	})
}

// Role reads one role by itself.
func (s *Source) Role(ctx context.Context, serviceSID, roleSID string) (chat.Role, error) {
	return fetch[chat.Role](s.host, ctx, "read role", roleSID, func(c *call) error {
		return s.requests.role(c, segment(serviceSID), segment(roleSID))
	})
}

// Member reads one member by itself.
func (s *Source) Member(ctx context.Context, serviceSID, channelSID, memberSID string) (chat.Member, error) {
	return fetch[chat.Member](s.host, ctx, "read member", memberSID, func(c *call) error {
		return s.requests.member(c, segment(serviceSID), segment(channelSID), segment(memberSID))
	})
}

// Roles is of migrate.Source.
func (s *Source) Roles(ctx context.Context, serviceSID string) iter.Seq2[chat.Role, error] {
	return records(s.host, ctx, "list roles", serviceSID, func(c *call) error {
		return s.requests.roles(c, segment(serviceSID))
	}, chat.Decode[chat.Role], func(r chat.Role) string { return r.SID })
}

// Users is of migrate.Source.
func (s *Source) Users(ctx context.Context, serviceSID string) iter.Seq2[chat.User, error] {
	return records(s.host, ctx, "list users", serviceSID, func(c *call) error {
		return s.requests.users(c, segment(serviceSID))
	}, chat.DecodeListed[chat.User], func(r chat.User) string { return r.SID })
}

// User is of migrate.Source.
func (s *Source) User(ctx context.Context, serviceSID, userSID string) (chat.User, error) {
	return fetch[chat.User](s.host, ctx, "read user", userSID, func(c *call) error {
		return s.requests.user(c, segment(serviceSID), segment(userSID))
	})
}

// UserChannels is of migrate.Source.
func (s *Source) UserChannels(ctx context.Context, serviceSID, userSID string) iter.Seq2[chat.UserChannel, error] {
	decode := func(raw []byte) (chat.UserChannel, error) {
		r, err := chat.Decode[chat.UserChannel](raw)
		if r.UserSID == "" {
			r.UserSID = userSID
		}
		return r, err
	}
	return records(s.host, ctx, "list channels of user", userSID, func(c *call) error {
		return s.requests.userChannels(c, segment(serviceSID), segment(userSID))
	}, decode, func(r chat.UserChannel) string { return r.ChannelSID })
}

// Channels is of migrate.Source. It asks for both types: without asking, Chat
// lists public channels only.
func (s *Source) Channels(ctx context.Context, serviceSID string) iter.Seq2[chat.Channel, error] {
	return records(s.host, ctx, "list channels", serviceSID, func(c *call) error {
		return s.requests.channels(c, segment(serviceSID), []string{chat.PublicChannel, chat.PrivateChannel})
	}, chat.DecodeListed[chat.Channel], func(r chat.Channel) string { return r.SID })
}

// Channel is of migrate.Source.
func (s *Source) Channel(ctx context.Context, serviceSID, channelSID string) (chat.Channel, error) {
	return fetch[chat.Channel](s.host, ctx, "read channel", channelSID, func(c *call) error {
		return s.requests.channel(c, segment(serviceSID), segment(channelSID))
	})
}

// Members is of migrate.Source.
func (s *Source) Members(ctx context.Context, serviceSID, channelSID string) iter.Seq2[chat.Member, error] {
	return records(s.host, ctx, "list members", channelSID, func(c *call) error {
		return s.requests.members(c, segment(serviceSID), segment(channelSID))
	}, chat.Decode[chat.Member], func(r chat.Member) string { return r.SID })
}

// Invites is of migrate.Source.
func (s *Source) Invites(ctx context.Context, serviceSID, channelSID string) iter.Seq2[chat.Invite, error] {
	return records(s.host, ctx, "list invites", channelSID, func(c *call) error {
		return s.requests.invites(c, segment(serviceSID), segment(channelSID))
	}, chat.Decode[chat.Invite], func(r chat.Invite) string { return r.SID })
}

// Webhooks is of migrate.Source. It asks nothing of an API that has none.
func (s *Source) Webhooks(ctx context.Context, serviceSID, channelSID string) iter.Seq2[chat.ChannelWebhook, error] {
	newer, has := s.requests.(newerRequests)
	if !has {
		return func(func(chat.ChannelWebhook, error) bool) {}
	}
	return records(s.host, ctx, "list webhooks", channelSID, func(c *call) error {
		return newer.webhooks(c, segment(serviceSID), segment(channelSID))
	}, chat.Decode[chat.ChannelWebhook], func(r chat.ChannelWebhook) string { return r.SID })
}

// Bindings is of migrate.Source. It asks nothing of an API that has none.
func (s *Source) Bindings(ctx context.Context, serviceSID string) iter.Seq2[chat.Binding, error] {
	newer, has := s.requests.(newerRequests)
	if !has {
		return func(func(chat.Binding, error) bool) {}
	}
	return records(s.host, ctx, "list bindings", serviceSID, func(c *call) error {
		return newer.bindings(c, segment(serviceSID))
	}, chat.Decode[chat.Binding], func(r chat.Binding) string { return r.SID })
}

// Credentials is of migrate.Source.
func (s *Source) Credentials(ctx context.Context) iter.Seq2[chat.Credential, error] {
	return records(s.host, ctx, "list credentials", "", s.requests.credentials,
		chat.Decode[chat.Credential], func(r chat.Credential) string { return r.SID })
}

// fetch reads one resource whole.
func fetch[T chat.Resource](h *host, ctx context.Context, op, sid string, ask func(*call) error) (T, error) {
	decode := func(raw []byte) (T, error) {
		r, err := chat.Decode[T](raw)
		if err == nil {
			err = identified(raw)
		}
		return r, err
	}
	return one(h, ctx, op, sid, reading, decode, ask)
}
