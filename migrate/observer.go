package migrate

// Observer is told what a run does, as it does it. Its methods are called from
// many goroutines and must return at once.
type Observer interface {
	// Total says how many of a kind are known to be there; later calls correct
	// earlier ones.
	Total(kind string, n int64)
	// Done says that n more of a kind are finished.
	Done(kind string, n int64)
	// Event says what happened, for a log.
	Event(Event)
}

// Unobserved is an Observer that nobody looks through.
type Unobserved struct{}

func (Unobserved) Total(string, int64) {}
func (Unobserved) Done(string, int64)  {}
func (Unobserved) Event(Event)         {}

// Observed is o, or an Observer through which nobody looks if there is none: those
// who run a verb need not give one.
func Observed(o Observer) Observer {
	if o == nil {
		return Unobserved{}
	}
	return o
}

// Event is one line of a run's log.
type Event struct {
	Level   Level
	Message string
	Fields  []any // alternating keys and values, as log/slog takes them
}

// Level is how much an Event matters.
type Level int

// Levels of events.
const (
	Detail Level = iota // shown with -v
	Notice
	Warning // something was stopped, waited for or held back
)

// Keys of event fields.
const (
	KeyService      = "service"
	KeyChannel      = "channel"
	KeyConversation = "conversation"
	KeyIndex        = "index"
	KeyReason       = "reason"
	KeyWait         = "wait"
)

// Kinds that an Observer and a report count.
const (
	KindServices    = "services"
	KindRoles       = "roles"
	KindUsers       = "users"
	KindChannels    = "channels"
	KindMembers     = "members"
	KindMessages    = "messages"
	KindInvites     = "invites"
	KindCredentials = "credentials"
	KindFiles       = "files"
	// KindFileBytes are bytes of files, as they pass.
	KindFileBytes = "file_bytes"
	// KindUserChannels are channels as a user has them: the notification level.
	KindUserChannels = "user_channels"
	// KindWebhooks are the callbacks of single channels.
	KindWebhooks = "webhooks"
	// KindBindings are devices that are registered for push notifications.
	KindBindings = "bindings"
)
