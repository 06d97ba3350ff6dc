package emulator

import "time"

// Unkind is what no document rules out: a service that shows less than it has
// or keeps other than it was sent, and others who write where a migration does.
// The zero value is a kind Twilio, but for the gaps between indexes, which are
// by design.
//
// A share is drawn for each request, or each reading of a list, from the seed
// and from what is asked, however the requests of a client interleave.
type Unkind struct {
	// Seed is where the draws begin. Defaults to the seed of the Config.
	Seed uint64

	// Lag is how long lists do not show what was made in the target.
	Lag time.Duration
	// LagRequests is the same in requests to either host.
	LagRequests int64
	// Stale is the share of pages that show a list as it was StaleFor before.
	// StaleFor defaults to 30 seconds.
	Stale    float64
	StaleFor time.Duration
	// EndsEarly is the share of readings that end before the list does, as if
	// there were no more.
	EndsEarly float64
	// IgnoresOrder is the share of readings of messages in the order that was
	// not asked for.
	IgnoresOrder float64
	// OfAnother is the share of readings that show what is in another
	// conversation, channel or service.
	OfAnother float64
	// Lists are the keys of the lists that the above is about, such as messages.
	// Empty for all.
	Lists []string

	// Trim, LineEnds, NFC and Doubles change what is stored: space around bodies
	// and names, CRLF in them, the composition of their characters and of those
	// in attributes, and numbers in attributes, which are kept as doubles.
	Trim, LineEnds, NFC, Doubles bool

	// Accepted is the share of creations that are answered 202 with a
	// resource_url.
	Accepted float64
	// Denied is the share of creations of participants that are answered 404
	// although they took effect.
	Denied float64

	// Mistaken is the share of replies about one resource that show the SID of
	// another or none, or that it is in another service or conversation. Of what
	// was just created they show no SID, or half of it.
	Mistaken float64

	// MaxBody refuses longer bodies, in bytes, with 50504. Zero leaves the
	// documented limit.
	MaxBody int
	// Escapes refuses attributes with a backslash in them (50304), Blank bodies
	// of nothing but space (50503).
	Escapes, Blank bool
	// SecondRole refuses a second role of one type and name in a service.
	SecondRole bool
	// Firewall is the share of bodies that something before Twilio refuses
	// whenever they come, with HTML and 403 or 413.
	Firewall float64

	// MediaName and MediaType are the shares of uploads whose filename, or content
	// type, is stored otherwise than it was sent.
	MediaName, MediaType float64
	// MediaGone is the share of files of the source that are not there although
	// their message is.
	MediaGone float64
	// MediaMore is the share of messages with a file that have two in Conversations,
	// where Chat shows one. Only in a shared account.
	MediaMore float64
	// Collect is the share of messages whose file is collected just before they are
	// created.
	Collect float64
	// TakenAsGone is the share of files that are called not found, and not already
	// sent, if another message is to have them.
	TakenAsGone float64

	// LacksMedia, LacksMember, LacksMessage, OtherHorizon and OtherAttributes are
	// what Conversations has otherwise than Chat, of each channel that it shows of a
	// shared account: no files, no first member, no newest message, every horizon
	// elsewhere, and attributes of the channel that nobody wrote.
	LacksMedia, LacksMember, LacksMessage, OtherHorizon, OtherAttributes bool
	// LateShow is how many requests to Conversations do not find a channel that was
	// just made private.
	LateShow int
	// PushApart has each product of a shared account keep push settings of its own,
	// and either of them send what it is set to.
	PushApart bool

	// SecondWriter is the share of dated messages that another writer writes
	// too.
	SecondWriter float64
	// Mirror is the share of messages after which an application writes one of
	// its own, dated now, into the conversation and into the channel whose
	// stamp it bears.
	Mirror float64
	// People is the share of writes into a conversation after which somebody
	// does something there. PeopleDo says what; defaults to all of Deeds.
	People   float64
	PeopleDo []Deed
	// EagerWebhooks has every write call the webhooks of its conversation, whether it
	// asked for that or not.
	EagerWebhooks bool
	// ForgedStamp is the share of new conversations whose stamp somebody puts on
	// another conversation, or on one of their own.
	ForgedStamp float64

	// KeyAccountSID is the account that the API key opens, whatever SID its
	// owner takes it for. Empty for AccountSID.
	KeyAccountSID string
	// NoAccountSID shows services with an account_sid of null, NoAccount
	// everything.
	NoAccountSID, NoAccount bool

	// IndexGaps is the share of messages before which indexes skip some. Below 0
	// means none; 0 means DefaultIndexGaps.
	IndexGaps float64
	// CountsAdrift is the share of channels whose messages_count and
	// members_count are not what their lists hold.
	CountsAdrift float64

	// HiddenByV1 and HiddenByV2 are the shares of records that one version of Chat
	// does not show: neither in lists, nor by themselves, nor what is in them. Lists
	// says of which kinds.
	HiddenByV1, HiddenByV2 float64
	// UnlistedByV2 is the share of records that lists of v2 leave out, although v2
	// shows them by themselves.
	UnlistedByV2 float64
	// DatedByV2 is the share of records that v2 shows as made a minute later.
	DatedByV2 float64
	// BareInV2 is the share of records whose attributes lists of v2 show as null.
	BareInV2 float64
	// NoVersion is the version of Chat that does not answer: v1, v2, or empty. One
	// service by itself is shown all the same, for a target reads its limits there.
	NoVersion string

	Habits
	FleetHabits
}

// DefaultIndexGaps is the share of messages before which indexes skip some.
const DefaultIndexGaps = 1.0 / 41

const defaultStaleFor = 30 * time.Second

// Deed is what somebody does in a conversation.
type Deed string

// Deeds.
const (
	Write  Deed = "write"
	Edit   Deed = "edit"
	React  Deed = "react" // changes the attributes of a message
	Delete Deed = "delete"
	Join   Deed = "join"
	Leave  Deed = "leave"
)

// Deeds are all of them.
var Deeds = []Deed{Write, Edit, React, Delete, Join, Leave}
