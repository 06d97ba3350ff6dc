package migrate

import (
	"context"
	"iter"
	"time"

	"chatbridge/mapping/conversations"
)

// TargetReader is the half of a Target that cannot write. Sequences end as
// those of Source do, and errors are of type *Error.
type TargetReader interface {
	MediaReader

	// Services yields every service of the account.
	Services(ctx context.Context) iter.Seq2[conversations.Service, error]
	// Configuration reads the three configuration resources of a service.
	Configuration(ctx context.Context, serviceSID string) (conversations.Configuration, error)
	// Roles yields every role of a service.
	Roles(ctx context.Context, serviceSID string) iter.Seq2[conversations.Role, error]
	// Users yields every user of a service.
	Users(ctx context.Context, serviceSID string) iter.Seq2[conversations.User, error]
	// Conversations yields every conversation of a service.
	Conversations(ctx context.Context, serviceSID string) iter.Seq2[conversations.Conversation, error]
	// Conversation reads one conversation by SID or unique name.
	Conversation(ctx context.Context, serviceSID, sidOrUniqueName string) (conversations.Conversation, error)
	// ConversationAt is Conversation, and when that was by the clock of the
	// service, to the second; zero if its reply does not say.
	ConversationAt(ctx context.Context, serviceSID, sidOrUniqueName string) (conversations.Conversation, time.Time, error)
	// Participants yields every participant of a conversation.
	Participants(ctx context.Context, serviceSID, conversationSID string) iter.Seq2[conversations.Participant, error]
	// Messages yields the messages of a conversation, newest first if asked.
	Messages(ctx context.Context, serviceSID, conversationSID string, newestFirst bool) iter.Seq2[conversations.Message, error]
	// Message reads one message.
	Message(ctx context.Context, serviceSID, conversationSID, messageSID string) (conversations.Message, error)
	// Clock is what the clock of the service said in the latest reply to anything
	// that was asked; zero if it said nothing yet.
	Clock() time.Time
	// Webhooks yields the callbacks of one conversation.
	Webhooks(ctx context.Context, serviceSID, conversationSID string) iter.Seq2[conversations.ConversationWebhook, error]
	// UserConversations yields the conversations that a user is in.
	UserConversations(ctx context.Context, serviceSID, userSID string) iter.Seq2[conversations.UserConversation, error]
	// Timers reads the account's default timers, which would close new
	// conversations by themselves.
	Timers(ctx context.Context) (Timers, error)
	// Limits reads the ceilings of a service, which Conversations itself does
	// not show: it asks the Chat host.
	Limits(ctx context.Context, serviceSID string) (Limits, error)
}

// Timers are the account-wide defaults after which a conversation becomes
// inactive or closed, as ISO 8601 durations; empty where unset.
type Timers struct {
	Inactive string
	Closed   string
}

// Target writes a Conversations workspace. No write of a Target fires a webhook.
//
// The verb is the guarantee. Ensure and Set leave the same state however often
// they are repeated. Append does not: when its error has Kind InDoubt the
// write may have landed, may land later, or may never land, and only reading
// tells. When it has Kind Contended, nothing was written. What the service stored
// is told by what a write returns, or to whoever asks with [WithReply].
type Target interface {
	TargetReader

	// AppendService creates a service.
	AppendService(ctx context.Context, s conversations.Service) (conversations.Service, error)
	// AppendRole creates a role. A service takes two of the same type and name.
	AppendRole(ctx context.Context, serviceSID string, r conversations.Role) (conversations.Role, error)
	// SetRole replaces the permissions of the role with r.SID.
	SetRole(ctx context.Context, serviceSID string, r conversations.Role) error
	// EnsureUser creates the user, unless the service has one with that identity:
	// that one is returned as it is, and may be anybody's. The Change is Created,
	// Unchanged or Unconfirmed.
	EnsureUser(ctx context.Context, serviceSID string, u conversations.User) (conversations.User, Change, error)
	// SetUser brings name and attributes of the user with u.SID to what is asked,
	// also if they are empty, and the role unless it is empty. It returns the user
	// as stored.
	SetUser(ctx context.Context, serviceSID string, u conversations.User) (conversations.User, error)
	// AppendConversation creates a conversation. Where the unique name is taken
	// its error has Kind Exists.
	AppendConversation(ctx context.Context, serviceSID string, c conversations.Conversation) (conversations.Conversation, error)
	// SetConversation brings name, attributes and dates of the conversation with
	// c.SID to what is asked; empty fields are left as they are.
	SetConversation(ctx context.Context, serviceSID string, c conversations.Conversation) error
	// EnsureParticipant creates the participant, or brings the one with that
	// identity to what is asked: not if keep, which may be nil, says so of whoever was
	// there before. It does not touch the horizon.
	EnsureParticipant(ctx context.Context, serviceSID, conversationSID string, p conversations.Participant, keep func(there conversations.Participant) bool) (conversations.Participant, Change, error)
	// SetHorizon sets how far the participant with that SID has read.
	SetHorizon(ctx context.Context, serviceSID, conversationSID, participantSID string, h conversations.Horizon) error
	// SetNotificationLevel sets whether a user who is in the conversation is
	// notified of what is said in it.
	SetNotificationLevel(ctx context.Context, serviceSID, userSID, conversationSID, level string) error
	// UploadMedia uploads a file, of m.Size bytes, which open opens once for each
	// attempt, and returns it as the service has it. It may be repeated: a file that
	// no message owns is gone after MediaKept. An error of open is returned as it is.
	UploadMedia(ctx context.Context, serviceSID string, m Media, open OpenFile) (Media, error)
	// AppendMessage creates a message and returns it as the server stored it. One
	// with a file, by the SID that UploadMedia gave it, can be made once: its error
	// has CodeMediaTaken if a message has the file already, and CodeMediaGone if
	// there is no such file any more.
	AppendMessage(ctx context.Context, serviceSID, conversationSID string, m conversations.Message) (conversations.Message, error)
	// AppendWebhook creates a callback of one conversation, for what happens from then
	// on.
	AppendWebhook(ctx context.Context, serviceSID, conversationSID string, w conversations.ConversationWebhook) (conversations.ConversationWebhook, error)
	// SetMessage brings a message that is there to what is asked.
	SetMessage(ctx context.Context, serviceSID, conversationSID string, m conversations.Message) error
	// DeleteMessage removes a message; one that is gone already is no error.
	DeleteMessage(ctx context.Context, serviceSID, conversationSID, messageSID string) error
	// DeleteConversation removes a conversation; one that is gone already is no
	// error.
	DeleteConversation(ctx context.Context, serviceSID, conversationSID string) error
	// DeleteUser removes a user from a service and from every conversation, of
	// which people's phones may be told; one that is gone already is no error.
	DeleteUser(ctx context.Context, serviceSID, userSID string) error
	// DeleteRole removes a role; one that is gone already is no error.
	DeleteRole(ctx context.Context, serviceSID, roleSID string) error
	// DeleteService removes a service with everything in it; one that is gone
	// already is no error.
	DeleteService(ctx context.Context, serviceSID string) error

	// SetRoleDefaults sets the default roles and reachability of a service.
	SetRoleDefaults(ctx context.Context, serviceSID string, c conversations.Configuration) error
	// SetNotifications sets the push configuration of a service.
	SetNotifications(ctx context.Context, serviceSID string, n conversations.Notifications) error
	// SetWebhooks sets the callbacks of a service; empty URLs remove them.
	SetWebhooks(ctx context.Context, serviceSID string, w conversations.Webhooks) error

	// SetLimits sets the ceilings of a service, through the Chat host. A ceiling
	// of 0 is left as it is; neither may be above MaxLimit.
	SetLimits(ctx context.Context, serviceSID string, l Limits) error
	// EnsureCredential creates the push credential, unless the account has one
	// of that type and friendly name. One that is there is left as it is, since
	// secrets cannot be read and compared.
	EnsureCredential(ctx context.Context, c Credential) (conversations.Credential, Change, error)
}

// Change says what an Ensure had to do.
type Change int

// What an Ensure had to do.
const (
	Unchanged Change = iota // it was there, as asked
	Created
	Updated // it was there, different
	// Unconfirmed: it was there, and an attempt to create it had had no answer, so
	// that nobody can tell which came first.
	Unconfirmed
)

// Traffic counts the requests of a run. Every attempt counts.
type Traffic struct {
	Reads         int64         `json:"reads"`
	Writes        int64         `json:"writes"`
	Throttled     int64         `json:"throttled"` // answers that said "too many"
	Retried       int64         `json:"retried"`
	ThrottledTime time.Duration `json:"-"` // waited because of them
}

// MaxLimit is the highest that either ceiling of a service can be raised to.
const MaxLimit = 1000

// Limits are the ceilings of a service. What is 0 was not said.
type Limits struct {
	ChannelMembers int // participants of a conversation
	UserChannels   int // conversations and Chat channels, counted together, of one identity
}

// What a new service admits until it is told otherwise.
const (
	DefaultChannelMembers = 100
	DefaultUserChannels   = 250
)

// Promoter makes public channels private, which is what makes Conversations
// show them, under the same SIDs and with everything in them. It is apart from
// Source because it writes to the Chat side, and the one thing that does.
type Promoter interface {
	// Promote makes a channel private. There is no way back. A channel that is
	// private already stays as it is and is no error. The messaging service is
	// attached unless its SID is empty; only conversations with SMS or WhatsApp
	// participants need one.
	Promote(ctx context.Context, serviceSID, channelSID, messagingServiceSID string) error
}
