package archive

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"sync"

	"chatbridge/mapping/chat"
	"chatbridge/migrate"
)

// Source is an archive as a migrate.Source. It is safe for concurrent use.
type Source struct {
	archive *Archive

	mu      sync.Mutex
	lookups map[string]*lookup // by path, built at the first lookup in the file
	grouped map[string]*groups // by path, likewise
}

var _ migrate.Source = (*Source)(nil)

// NewSource makes a Source that reads a. Closing it ends lookups.
func NewSource(a *Archive) *Source {
	return &Source{archive: a, lookups: make(map[string]*lookup), grouped: make(map[string]*groups)}
}

// Close releases the files that User, Channel, UserChannels and OpenMedia keep open.
// A file of a message that is being read stays open.
func (s *Source) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for name, l := range s.lookups {
		errs = append(errs, l.close())
		delete(s.lookups, name)
	}
	for name, g := range s.grouped {
		errs = append(errs, g.close())
		delete(s.grouped, name)
	}
	return errors.Join(errs...)
}

// Services yields every service of the archive, in the order of their SIDs.
func (s *Source) Services(ctx context.Context) iter.Seq2[chat.Service, error] {
	const op = "list services"
	return func(yield func(chat.Service, error) bool) {
		for _, sid := range s.archive.Services() {
			service, err := s.service(ctx, sid)
			if err != nil {
				yield(chat.Service{}, failure(op, sid, err))
				return
			}
			if !yield(service, nil) {
				return
			}
		}
	}
}

func (s *Source) service(ctx context.Context, sid string) (chat.Service, error) {
	if err := ctx.Err(); err != nil {
		return chat.Service{}, err
	}
	raw, err := s.archive.Service(sid)
	if err != nil {
		return chat.Service{}, err
	}
	service, err := chat.Decode[chat.Service](raw)
	if err == nil && service.SID != sid {
		err = fmt.Errorf("%s holds %s", ServicePath(sid), chat.Excerpt(service.SID))
	}
	return service, err
}

// Roles yields every role of a service.
func (s *Source) Roles(ctx context.Context, serviceSID string) iter.Seq2[chat.Role, error] {
	return resources(ctx, s.archive, "list roles", serviceSID, RolesPath(serviceSID), chat.Decode[chat.Role])
}

// Users yields every user, attributes included.
func (s *Source) Users(ctx context.Context, serviceSID string) iter.Seq2[chat.User, error] {
	return resources(ctx, s.archive, "list users", serviceSID, UsersPath(serviceSID), chat.DecodeListed[chat.User])
}

// User reads one user.
func (s *Source) User(ctx context.Context, serviceSID, userSID string) (chat.User, error) {
	return find[chat.User](ctx, s, "find user", UsersPath(serviceSID), userSID)
}

// Channels yields every channel, attributes included. A SID that is listed
// twice is an error.
func (s *Source) Channels(ctx context.Context, serviceSID string) iter.Seq2[chat.Channel, error] {
	const op = "list channels"
	return func(yield func(chat.Channel, error) bool) {
		var seen migrate.SIDSet
		for channel, err := range resources(ctx, s.archive, op, serviceSID, ChannelsPath(serviceSID), chat.DecodeListed[chat.Channel]) {
			if err == nil && !seen.Add(channel.SID) {
				err = failure(op, channel.SID, fmt.Errorf("%s lists it twice", ChannelsPath(serviceSID)))
			}
			if !yield(channel, err) || err != nil {
				return
			}
		}
	}
}

// Channel reads one channel.
func (s *Source) Channel(ctx context.Context, serviceSID, channelSID string) (chat.Channel, error) {
	return find[chat.Channel](ctx, s, "find channel", ChannelsPath(serviceSID), channelSID)
}

// Members yields every member of a channel.
func (s *Source) Members(ctx context.Context, serviceSID, channelSID string) iter.Seq2[chat.Member, error] {
	return resources(ctx, s.archive, "list members", channelSID, MembersPath(serviceSID, channelSID), chat.Decode[chat.Member])
}

// Invites yields every open invite of a channel.
func (s *Source) Invites(ctx context.Context, serviceSID, channelSID string) iter.Seq2[chat.Invite, error] {
	return resources(ctx, s.archive, "list invites", channelSID, InvitesPath(serviceSID, channelSID), chat.Decode[chat.Invite])
}

// UserChannels yields what the archive says of a user and channels; nothing,
// where it has no such file.
func (s *Source) UserChannels(ctx context.Context, serviceSID, userSID string) iter.Seq2[chat.UserChannel, error] {
	return group[chat.UserChannel](ctx, s, "list channels of user", UserChannelsPath(serviceSID), userSID)
}

// Webhooks yields the webhooks of a channel; nothing, where the archive has no such
// file.
func (s *Source) Webhooks(ctx context.Context, serviceSID, channelSID string) iter.Seq2[chat.ChannelWebhook, error] {
	return resources(ctx, s.archive, "list webhooks", channelSID, WebhooksPath(serviceSID, channelSID), chat.Decode[chat.ChannelWebhook])
}

// Bindings yields the push bindings of a service; nothing, where the archive has no
// such file.
func (s *Source) Bindings(ctx context.Context, serviceSID string) iter.Seq2[chat.Binding, error] {
	return resources(ctx, s.archive, "list bindings", serviceSID, BindingsPath(serviceSID), chat.Decode[chat.Binding])
}

// Credentials yields the push credentials of the account.
func (s *Source) Credentials(ctx context.Context) iter.Seq2[chat.Credential, error] {
	return resources(ctx, s.archive, "list credentials", s.archive.Manifest.AccountSID, CredentialsPath, chat.Decode[chat.Credential])
}

// resources decodes a file. sid is what its errors are about.
func resources[T chat.Resource](ctx context.Context, a *Archive, op, sid, name string, decode func([]byte) (T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		seen := sids{}
		for line, err := range a.lines(name) {
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				yield(none, failure(op, sid, err))
				return
			}
			resource, err := decode(line.raw)
			if err == nil {
				err = seen.add(line.raw)
			}
			if err != nil {
				yield(none, failure(op, sid, line.failed(name, err)))
				return
			}
			if !yield(resource, nil) {
				return
			}
		}
	}
}

// failure makes err what a Source returns.
func failure(op, sid string, err error) error {
	e := &migrate.Error{Op: op, Kind: migrate.KindOf(err), SID: sid, Err: err}
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		e.Kind = migrate.Interrupted
	case errors.Is(err, fs.ErrNotExist):
		e.Hint = "the archive is incomplete: export it again"
	}
	return e
}
