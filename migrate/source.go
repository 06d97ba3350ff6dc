package migrate

import (
	"context"
	"iter"

	"chatbridge/mapping/chat"
)

// Source reads a Chat workspace. It has no method that writes.
//
// A sequence ends when the source itself says that there is no more; anything
// else that stops it is yielded as an error, once, as the last element. Errors
// are of type *Error. One that wraps ErrShort says that the source has more than
// it shows.
type Source interface {
	MediaReader

	// Services yields every service of the account.
	Services(ctx context.Context) iter.Seq2[chat.Service, error]
	// Roles yields every role of a service.
	Roles(ctx context.Context, serviceSID string) iter.Seq2[chat.Role, error]
	// Users yields every user as the list shows them: where Attributes is nil,
	// User knows more.
	Users(ctx context.Context, serviceSID string) iter.Seq2[chat.User, error]
	// User reads one user whole, by SID.
	User(ctx context.Context, serviceSID, userSID string) (chat.User, error)
	// Channels yields every channel, public and private, each once, as the list
	// shows them: where Attributes is nil, Channel knows more.
	Channels(ctx context.Context, serviceSID string) iter.Seq2[chat.Channel, error]
	// Channel reads one channel whole, by SID.
	Channel(ctx context.Context, serviceSID, channelSID string) (chat.Channel, error)
	// Members yields every member of a channel.
	Members(ctx context.Context, serviceSID, channelSID string) iter.Seq2[chat.Member, error]
	// Messages yields the messages of a channel that the span selects, each
	// whole, in the order of their indexes.
	Messages(ctx context.Context, serviceSID, channelSID string, span Span) iter.Seq2[chat.Message, error]
	// Invites yields every open invite of a channel.
	Invites(ctx context.Context, serviceSID, channelSID string) iter.Seq2[chat.Invite, error]
	// UserChannels yields every channel that a user has to do with, and how:
	// joined, invited or not participating.
	UserChannels(ctx context.Context, serviceSID, userSID string) iter.Seq2[chat.UserChannel, error]
	// Webhooks yields the callbacks of one channel, and nothing where the source does
	// not show them, as Chat v1.
	Webhooks(ctx context.Context, serviceSID, channelSID string) iter.Seq2[chat.ChannelWebhook, error]
	// Bindings yields the devices of a service that are registered for push
	// notifications, and nothing where the source does not show them, as Chat v1.
	Bindings(ctx context.Context, serviceSID string) iter.Seq2[chat.Binding, error]
	// Credentials yields the push credentials of the account.
	Credentials(ctx context.Context) iter.Seq2[chat.Credential, error]
}

// Span selects messages of a channel.
type Span struct {
	After       int64 // only indexes greater than this; All starts at the first
	NewestFirst bool  // from the highest index down
	Listed      bool  // as the list shows them: where Attributes is nil, nobody asked

	// From is where the list may be begun. A source that has no pages begins with the
	// first, and so does any if the newest are to come first, if the message of From is
	// beyond After, or if its page does not show it any more.
	From Page
}

// Page is a page of the list of a channel's messages, and one that it shows. The zero
// value is none.
type Page struct {
	Address string // path and query, as the service gave it
	SID     string // of the message
	Index   int64
}

// All is the value of Span.After that leaves nothing out.
const All int64 = -1

// UserChannels reads what a user has to do with channels: nothing, where the
// user is gone since they were listed.
func UserChannels(ctx context.Context, src Source, serviceSID, userSID string) iter.Seq2[chat.UserChannel, error] {
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
