package twilio

import (
	"context"
	"iter"

	chatv1 "github.com/twilio/twilio-go/rest/chat/v1"

	"chatbridge/mapping/chat"
	"chatbridge/migrate"
	"chatbridge/migrate/transport"
)

// Page sizes: the most that Twilio takes, but for messages, of which a page is
// held in memory with everything that was fetched for it.
const (
	servicePage = 100
	messagePage = 100
	chatPage    = 1000
)

// Source reads Chat v1.
type Source struct {
	host     *host
	fetchers int
	notice   func(migrate.Event)
}

var _ migrate.Source = (*Source)(nil)

// NewSource returns a Source. It sends nothing. A configuration that cannot
// work is refused with Kind Usage or Credentials.
func NewSource(c Config) (*Source, error) {
	c = c.withDefaults(ChatURL)
	c.HTTP = transport.ReadOnly(c.HTTP)
	h, err := newHost(c, sourceHints)
	if err != nil {
		return nil, err
	}
	return &Source{host: h, fetchers: c.Fetchers, notice: c.Notice}, nil
}

func chatAPI(c *call) *chatv1.ApiService { return chatv1.NewApiServiceWithClient(c) }

// Services is of migrate.Source.
func (s *Source) Services(ctx context.Context) iter.Seq2[chat.Service, error] {
	return records(s.host, ctx, "list services", "", func(c *call) error {
		params := (&chatv1.ListServiceParams{}).SetPageSize(servicePage)
		_, err := chatAPI(c).PageService(params, "", "")
		return err
	}, chat.Decode[chat.Service], func(r chat.Service) string { return r.SID })
}

// Roles is of migrate.Source.
func (s *Source) Roles(ctx context.Context, serviceSID string) iter.Seq2[chat.Role, error] {
	return records(s.host, ctx, "list roles", serviceSID, func(c *call) error {
		params := (&chatv1.ListRoleParams{}).SetPageSize(chatPage)
		_, err := chatAPI(c).PageRole(segment(serviceSID), params, "", "")
		return err
	}, chat.Decode[chat.Role], func(r chat.Role) string { return r.SID })
}

// Users is of migrate.Source.
func (s *Source) Users(ctx context.Context, serviceSID string) iter.Seq2[chat.User, error] {
	return records(s.host, ctx, "list users", serviceSID, func(c *call) error {
		params := (&chatv1.ListUserParams{}).SetPageSize(chatPage)
		_, err := chatAPI(c).PageUser(segment(serviceSID), params, "", "")
		return err
	}, chat.Decode[chat.User], func(r chat.User) string { return r.SID })
}

// User is of migrate.Source.
func (s *Source) User(ctx context.Context, serviceSID, userSID string) (chat.User, error) {
	return fetch[chat.User](s.host, ctx, "read user", userSID, func(c *call) error {
		_, err := chatAPI(c).FetchUser(segment(serviceSID), segment(userSID))
		return err
	})
}

// Channels is of migrate.Source. It asks for both types: without asking, Chat
// lists public channels only.
func (s *Source) Channels(ctx context.Context, serviceSID string) iter.Seq2[chat.Channel, error] {
	return records(s.host, ctx, "list channels", serviceSID, func(c *call) error {
		params := (&chatv1.ListChannelParams{}).SetPageSize(chatPage).
			SetType([]string{chat.PublicChannel, chat.PrivateChannel})
		_, err := chatAPI(c).PageChannel(segment(serviceSID), params, "", "")
		return err
	}, chat.Decode[chat.Channel], func(r chat.Channel) string { return r.SID })
}

// Channel is of migrate.Source.
func (s *Source) Channel(ctx context.Context, serviceSID, channelSID string) (chat.Channel, error) {
	return fetch[chat.Channel](s.host, ctx, "read channel", channelSID, func(c *call) error {
		_, err := chatAPI(c).FetchChannel(segment(serviceSID), segment(channelSID))
		return err
	})
}

// Members is of migrate.Source.
func (s *Source) Members(ctx context.Context, serviceSID, channelSID string) iter.Seq2[chat.Member, error] {
	return records(s.host, ctx, "list members", channelSID, func(c *call) error {
		params := (&chatv1.ListMemberParams{}).SetPageSize(chatPage)
		_, err := chatAPI(c).PageMember(segment(serviceSID), segment(channelSID), params, "", "")
		return err
	}, chat.Decode[chat.Member], func(r chat.Member) string { return r.SID })
}

// Invites is of migrate.Source.
func (s *Source) Invites(ctx context.Context, serviceSID, channelSID string) iter.Seq2[chat.Invite, error] {
	return records(s.host, ctx, "list invites", channelSID, func(c *call) error {
		params := (&chatv1.ListInviteParams{}).SetPageSize(chatPage)
		_, err := chatAPI(c).PageInvite(segment(serviceSID), segment(channelSID), params, "", "")
		return err
	}, chat.Decode[chat.Invite], func(r chat.Invite) string { return r.SID })
}

// Credentials is of migrate.Source.
func (s *Source) Credentials(ctx context.Context) iter.Seq2[chat.Credential, error] {
	return records(s.host, ctx, "list credentials", "", func(c *call) error {
		params := (&chatv1.ListCredentialParams{}).SetPageSize(chatPage)
		_, err := chatAPI(c).PageCredential(params, "", "")
		return err
	}, chat.Decode[chat.Credential], func(r chat.Credential) string { return r.SID })
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
