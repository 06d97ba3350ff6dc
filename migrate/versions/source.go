package versions

import (
	"context"
	"io"
	"iter"

	"chatbridge/mapping/chat"
	"chatbridge/migrate"
)

// Reader is a Source of one version that also shows records by themselves.
type Reader interface {
	migrate.Source

	Service(ctx context.Context, serviceSID string) (chat.Service, error)
	Role(ctx context.Context, serviceSID, roleSID string) (chat.Role, error)
	Member(ctx context.Context, serviceSID, channelSID, memberSID string) (chat.Member, error)
	Message(ctx context.Context, serviceSID, channelSID, messageSID string) (chat.Message, error)
	// MessagePages yields the messages that the span selects as they are listed, a
	// page at a time, in the order of their indexes. Before it asks whether the list
	// is whole it asks known whether the message with that index is the last one;
	// migrate.All if there was none.
	MessagePages(ctx context.Context, serviceSID, channelSID string, span migrate.Span, known func(last int64) bool) iter.Seq2[[]chat.Message, error]
	// AccountShown reports whether a reply showed the account.
	AccountShown() bool
}

// Source reads both versions. Any number of goroutines may use it.
type Source struct {
	older, newer Reader
	notice       func(migrate.Event)
	marks        marks
}

var _ migrate.Source = (*Source)(nil)

// New returns a Source over a reader of v1 and one of v2. notice is told of messages
// that went away while they were read; it may be nil.
func New(older, newer Reader, notice func(migrate.Event)) *Source {
	if notice == nil {
		notice = func(migrate.Event) {}
	}
	return &Source{older: older, newer: newer, notice: notice}
}

// AccountShown reports whether a reply of either version showed the account.
func (s *Source) AccountShown() bool { return s.older.AccountShown() || s.newer.AccountShown() }

// OpenMedia is of migrate.MediaReader.
func (s *Source) OpenMedia(ctx context.Context, serviceSID, mediaSID string) (migrate.Media, io.ReadCloser, error) {
	return s.newer.OpenMedia(ctx, serviceSID, mediaSID)
}

// Services is of migrate.Source.
func (s *Source) Services(ctx context.Context) iter.Seq2[chat.Service, error] {
	return s.serviceSides().pair(ctx, s.older.Services(ctx), s.newer.Services(ctx))
}

// Roles is of migrate.Source.
func (s *Source) Roles(ctx context.Context, serviceSID string) iter.Seq2[chat.Role, error] {
	older, newer := s.older.Roles(ctx, serviceSID), s.newer.Roles(ctx, serviceSID)
	return sided(ctx, s, serviceSID, "", s.roleSides(serviceSID).pair(ctx, older, newer), older, newer)
}

// Users is of migrate.Source.
func (s *Source) Users(ctx context.Context, serviceSID string) iter.Seq2[chat.User, error] {
	older, newer := s.older.Users(ctx, serviceSID), s.newer.Users(ctx, serviceSID)
	return sided(ctx, s, serviceSID, "", s.userSides(serviceSID).pair(ctx, older, newer), older, newer)
}

// User is of migrate.Source.
func (s *Source) User(ctx context.Context, serviceSID, userSID string) (chat.User, error) {
	return single(ctx, &s.marks, s.userSides(serviceSID), serviceSID, userSID)
}

// UserChannels is of migrate.Source.
func (s *Source) UserChannels(ctx context.Context, serviceSID, userSID string) iter.Seq2[chat.UserChannel, error] {
	if s.marks.only(serviceSID, userSID) == v1 {
		return s.older.UserChannels(ctx, serviceSID, userSID)
	}
	return s.newer.UserChannels(ctx, serviceSID, userSID)
}

// Channels is of migrate.Source.
func (s *Source) Channels(ctx context.Context, serviceSID string) iter.Seq2[chat.Channel, error] {
	older, newer := s.older.Channels(ctx, serviceSID), s.newer.Channels(ctx, serviceSID)
	return sided(ctx, s, serviceSID, "", s.channelSides(serviceSID).pair(ctx, older, newer), older, newer)
}

// Channel is of migrate.Source.
func (s *Source) Channel(ctx context.Context, serviceSID, channelSID string) (chat.Channel, error) {
	return single(ctx, &s.marks, s.channelSides(serviceSID), serviceSID, channelSID)
}

// Members is of migrate.Source.
func (s *Source) Members(ctx context.Context, serviceSID, channelSID string) iter.Seq2[chat.Member, error] {
	older, newer := s.older.Members(ctx, serviceSID, channelSID), s.newer.Members(ctx, serviceSID, channelSID)
	return sided(ctx, s, serviceSID, channelSID, s.memberSides(serviceSID, channelSID).pair(ctx, older, newer), older, newer)
}

// Messages is of migrate.Source. Lists of v2 show attributes, so that Span.Listed makes
// no difference. Of two lists one page is no beginning: both are read from the first.
func (s *Source) Messages(ctx context.Context, serviceSID, channelSID string, span migrate.Span) iter.Seq2[chat.Message, error] {
	return sided(ctx, s, serviceSID, channelSID, s.bothMessages(ctx, serviceSID, channelSID, span),
		s.older.Messages(ctx, serviceSID, channelSID, span), s.newer.Messages(ctx, serviceSID, channelSID, span))
}

// Invites is of migrate.Source.
func (s *Source) Invites(ctx context.Context, serviceSID, channelSID string) iter.Seq2[chat.Invite, error] {
	if s.marks.only(serviceSID, channelSID) == v2 {
		return s.newer.Invites(ctx, serviceSID, channelSID)
	}
	return s.older.Invites(ctx, serviceSID, channelSID)
}

// Webhooks is of migrate.Source. Only v2 shows them, of the channels that it shows.
func (s *Source) Webhooks(ctx context.Context, serviceSID, channelSID string) iter.Seq2[chat.ChannelWebhook, error] {
	if s.marks.only(serviceSID, channelSID) == v1 {
		return s.older.Webhooks(ctx, serviceSID, channelSID)
	}
	return s.newer.Webhooks(ctx, serviceSID, channelSID)
}

// Bindings is of migrate.Source. Only v2 shows them, of the services that it shows.
func (s *Source) Bindings(ctx context.Context, serviceSID string) iter.Seq2[chat.Binding, error] {
	if s.marks.only(serviceSID, "") == v1 {
		return s.older.Bindings(ctx, serviceSID)
	}
	return s.newer.Bindings(ctx, serviceSID)
}

// Credentials is of migrate.Source.
func (s *Source) Credentials(ctx context.Context) iter.Seq2[chat.Credential, error] {
	return s.older.Credentials(ctx)
}

// sided reads what is in a channel, or in a service, through both versions, or through
// the one that shows it. If a version says that there is no such channel, the channel
// is looked at by itself: the other may show it.
func sided[T any](ctx context.Context, s *Source, service, channel string, pair, older, newer iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		alone := func() iter.Seq2[T, error] {
			return map[string]iter.Seq2[T, error]{v1: older, v2: newer}[s.marks.only(service, channel)]
		}
		if one := alone(); one != nil {
			one(yield)
			return
		}
		began := false
		for one, err := range pair {
			if !began && channel != "" && migrate.KindOf(err) == migrate.NotFound {
				if _, _, failed := s.channelSides(service).settle(ctx, channel, nil, nil); failed == nil {
					if one := alone(); one != nil {
						one(yield)
						return
					}
				}
			}
			began = true
			if !yield(one, err) {
				return
			}
		}
	}
}
