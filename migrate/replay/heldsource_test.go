package replay_test

import (
	"context"
	"io"
	"iter"

	"chatbridge/mapping/chat"
	"chatbridge/migrate"
)

// heldSource names every method, so that none is forgotten.
type heldSource struct {
	c *calls
	s migrate.Source
}

func (h heldSource) Services(ctx context.Context) iter.Seq2[chat.Service, error] {
	return listed(h.c, "source Services", func() iter.Seq2[chat.Service, error] { return h.s.Services(ctx) })
}

func (h heldSource) Roles(ctx context.Context, service string) iter.Seq2[chat.Role, error] {
	return listed(h.c, "source Roles", func() iter.Seq2[chat.Role, error] { return h.s.Roles(ctx, service) })
}

func (h heldSource) Users(ctx context.Context, service string) iter.Seq2[chat.User, error] {
	return listed(h.c, "source Users", func() iter.Seq2[chat.User, error] { return h.s.Users(ctx, service) })
}

func (h heldSource) User(ctx context.Context, service, user string) (chat.User, error) {
	return asked(h.c, "source User", func() (chat.User, error) { return h.s.User(ctx, service, user) })
}

func (h heldSource) Channels(ctx context.Context, service string) iter.Seq2[chat.Channel, error] {
	return listed(h.c, "source Channels", func() iter.Seq2[chat.Channel, error] { return h.s.Channels(ctx, service) })
}

func (h heldSource) Channel(ctx context.Context, service, channel string) (chat.Channel, error) {
	return asked(h.c, "source Channel", func() (chat.Channel, error) { return h.s.Channel(ctx, service, channel) })
}

func (h heldSource) Members(ctx context.Context, service, channel string) iter.Seq2[chat.Member, error] {
	return listed(h.c, "source Members", func() iter.Seq2[chat.Member, error] { return h.s.Members(ctx, service, channel) })
}

func (h heldSource) Messages(ctx context.Context, service, channel string, span migrate.Span) iter.Seq2[chat.Message, error] {
	return listed(h.c, "source Messages", func() iter.Seq2[chat.Message, error] { return h.s.Messages(ctx, service, channel, span) })
}

func (h heldSource) Invites(ctx context.Context, service, channel string) iter.Seq2[chat.Invite, error] {
	return listed(h.c, "source Invites", func() iter.Seq2[chat.Invite, error] { return h.s.Invites(ctx, service, channel) })
}

func (h heldSource) UserChannels(ctx context.Context, service, user string) iter.Seq2[chat.UserChannel, error] {
	return listed(h.c, "source UserChannels", func() iter.Seq2[chat.UserChannel, error] { return h.s.UserChannels(ctx, service, user) })
}

func (h heldSource) Webhooks(ctx context.Context, service, channel string) iter.Seq2[chat.ChannelWebhook, error] {
	return listed(h.c, "source Webhooks", func() iter.Seq2[chat.ChannelWebhook, error] { return h.s.Webhooks(ctx, service, channel) })
}

func (h heldSource) Bindings(ctx context.Context, service string) iter.Seq2[chat.Binding, error] {
	return listed(h.c, "source Bindings", func() iter.Seq2[chat.Binding, error] { return h.s.Bindings(ctx, service) })
}

func (h heldSource) Credentials(ctx context.Context) iter.Seq2[chat.Credential, error] {
	return listed(h.c, "source Credentials", func() iter.Seq2[chat.Credential, error] { return h.s.Credentials(ctx) })
}

func (h heldSource) OpenMedia(ctx context.Context, service, media string) (migrate.Media, io.ReadCloser, error) {
	var body io.ReadCloser
	got, err := asked(h.c, "source OpenMedia", func() (got migrate.Media, err error) {
		got, body, err = h.s.OpenMedia(ctx, service, media)
		return got, err
	})
	return got, body, err
}
