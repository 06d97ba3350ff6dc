package emulator

import "time"

// Habits are what an account may do one way or the other, and what only an
// experiment in it tells. The zero value is what the documents suggest. Outcomes
// lists them by experiment.
type Habits struct {
	// Late is how long, at most, a POST to Conversations takes to land whose
	// connection was cut before it was answered. How long each takes is drawn: one in
	// eight never lands. Zero lets it land at once, or never if the request had to
	// wait. The emulator notices a cut only before the request takes effect: over a
	// socket, give Takes too.
	Late time.Duration
	// Takes is how long a write of each kind takes, by the name of its collection,
	// such as messages.
	Takes map[string]time.Duration

	// BothNamed lets two conversations take one unique name within a second of each
	// other. NameHeld is how long a unique name is refused after its conversation was
	// deleted.
	BothNamed bool
	NameHeld  time.Duration
	// Skew is how far the clock that dates come from is ahead of the Date header of
	// Conversations. It may be below zero.
	Skew time.Duration

	// Reformats stores attributes with their fields in alphabetical order and without
	// space between them.
	Reformats bool
	// EmptyBody accepts a Body that is sent and empty.
	EmptyBody bool
	// Lengths are lower limits than those that are documented.
	Lengths Lengths

	// CreatedNow, UpdatedNow and AuthorSystem store the time of the request in place of
	// the DateCreated and DateUpdated that were sent, and system in place of the Author.
	CreatedNow, UpdatedNow, AuthorSystem bool
	// UpdatedAsCreated gives a message without DateUpdated its date_created, in place
	// of null. AttributesUndated leaves the date_updated of a message or conversation
	// as it is if nothing but the attributes change.
	UpdatedAsCreated, AttributesUndated bool
	// NoParticipantSID shows messages without a participant_sid. LaterParticipantSID
	// shows that of an author who joined after the message too.
	NoParticipantSID, LaterParticipantSID bool

	// MediaTwice lets a second message take a file. MediaStays keeps files that no
	// message has.
	MediaTwice, MediaStays bool

	// HorizonRefused refuses a horizon beyond the last message (50421), HorizonClamped
	// sets it to the last message. NullRefused refuses one of null, NullIgnored leaves
	// the one that is there.
	HorizonRefused, HorizonClamped, NullRefused, NullIgnored bool

	// MutationID answers a POST that repeats an X-Twilio-Mutation-Id with 202 and the
	// resource_url of what the first one made, and makes nothing.
	MutationID bool
	// RejoinDenied answers 404 when somebody is added to a conversation who left it,
	// although it took effect.
	RejoinDenied bool

	// TargetChat is what the Chat host shows the target account. The rest says how both
	// editions show what they have, of either account.
	TargetChat TargetChat
	// ListsAttributes shows attributes in lists of v1. CountsDeleted leaves deleted
	// messages in messages_count. NoCompatibility leaves the body of a message with a
	// file as it is in v1. AllTypes lists private channels where Type is not sent.
	ListsAttributes, CountsDeleted, NoCompatibility, AllTypes bool
	// ClampsPages serves the largest page where a larger one is asked for. SmallPages has
	// pages of no more than 50, whatever is documented. PageMost is how many records a
	// page holds at most, whatever is asked for; zero is no such limit.
	ClampsPages, SmallPages bool
	PageMost                int
	// TokenLasts is how long a page token is good for; zero is for ever. TokenBreaks
	// makes page tokens bad as soon as anything is deleted. TokenMoves is the age from
	// which on a page token shows the page behind the one that it was given for; zero is
	// never.
	TokenLasts  time.Duration
	TokenBreaks bool
	TokenMoves  time.Duration
}

// Lengths are limits: of attributes in bytes, of names and identities in characters.
// Zero leaves the documented one.
type Lengths struct {
	MessageAttributes      int // and those of participants
	ConversationAttributes int // and those of users
	Name                   int // FriendlyName and UniqueName
	Identity               int // and Author
}

// TargetChat is what the Chat host shows the target account of its own services.
type TargetChat string

// What Chat shows. The zero value is the service itself with its limits, and nothing
// in it.
const (
	ChatShown     TargetChat = "shown"     // everything, as channels that are private
	ChatForbidden TargetChat = "forbidden" // 403, 50050
	ChatGone      TargetChat = "gone"      // 410
)
