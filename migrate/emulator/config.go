package emulator

import (
	"cmp"
	"errors"
	"io/fs"
	"time"
)

// What an emulator accepts where its Config says nothing. The values are
// invented and open nothing.
const (
	DefaultAccountSID = "ACe0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0"
	DefaultAuthToken  = "emulated-token"
	DefaultAPIKey     = "SKe0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0" // for a Config that wants one: see APIKey
	DefaultAPISecret  = "emulated-secret"

	// DefaultAPS is Twilio's documented limit of writes per second, for each
	// conversation and for each service.
	DefaultAPS = 30

	// DefaultParticipantLimit is what a new service admits to a conversation.
	DefaultParticipantLimit = 100

	// DefaultConversationLimit is how many open conversations one identity may
	// be in.
	DefaultConversationLimit = 1000

	// DefaultMediaLimitMB is how large a file may be, in MiB (Twilio,
	// conversations-limits: 150 MB between chat participants).
	DefaultMediaLimitMB = 150
)

// Config is what an emulator is made of. The zero value is an empty source,
// default credentials and no limits on the pace.
type Config struct {
	// Archive seeds the source with a v1 workspace. At most one of Archive and
	// Generate may be set.
	Archive fs.FS
	// Generate seeds the source with an invented workspace.
	Generate Generate
	// Shared makes both hosts one account: what Conversations shows of a Chat
	// service by itself is there from the start, under the same SIDs. Public
	// channels are not, until they are made private. Whoever joins or leaves a channel
	// through Conversations does so in Chat too, and the push settings are those of
	// both; other writes of one product are not seen by the other.
	Shared bool

	// AccountSID and AuthToken are accepted by both hosts. Default to
	// DefaultAccountSID and DefaultAuthToken.
	AccountSID, AuthToken string
	// APIKey and APISecret are accepted by both hosts, unless empty.
	APIKey, APISecret string
	// TargetAccountSID and TargetAuthToken replace AccountSID and AuthToken on
	// the Conversations host, unless empty; the API key is then not accepted
	// there. The Chat host shows that account its own services one by one, with
	// their limits, and nothing else, unless Habits.TargetChat says otherwise.
	TargetAccountSID, TargetAuthToken string
	// TargetAPIKey and TargetAPISecret are accepted for that account, unless empty.
	TargetAPIKey, TargetAPISecret string

	// MainKey and MainSecret are accepted by every host, unless empty. APIKey is a
	// standard key: the API host refuses it.
	MainKey, MainSecret string

	// FriendlyName, Status and Type are what the API host says of the account. An
	// account that is not active is refused by every host. Default to "Main account",
	// Active and Full.
	FriendlyName string
	Status       AccountStatus
	Type         AccountType
	// Subaccounts are accounts of which this one is the parent, on the same hosts. Each
	// has a workspace, credentials, keys and limits of its own, and is asked by its own
	// credentials. What is left empty of AccountSID, AuthToken, Seed, FriendlyName, Now,
	// Intercept and Latency is invented or the parent's; addresses and bases are the
	// parent's always. The SIDs of an archive become others, so that no two accounts
	// share any. A subaccount has no subaccounts.
	Subaccounts []Config

	// KeyMay reports what the API keys may do, on every host; nil is everything. An
	// account with its token may do everything always.
	KeyMay func(Permission) bool
	// KeyDenial is how they are refused what they may not. Defaults to Restricted.
	KeyDenial Denial

	// APS limits the writes per second in each conversation and in each
	// service, averaged over five seconds. Zero is no limit.
	APS float64
	// Concurrency limits the requests of an account that may be in flight, on both
	// hosts together if they are for one account. Zero is no limit.
	Concurrency int
	// InFlight are requests of the account that are in flight all the time: those of
	// its owner's live application.
	InFlight int
	// ParticipantLimit and ConversationLimit are those of a service whose own
	// were not set through the Chat host. Default to DefaultParticipantLimit and
	// DefaultConversationLimit.
	ParticipantLimit, ConversationLimit int
	// ServiceLimit is how many services the target may have; those of other accounts
	// that share the limit count as less of it. Zero is no limit.
	ServiceLimit int
	// MediaLimitMB is the largest file, in MiB, of a service whose own limit Chat v2
	// does not show. Defaults to DefaultMediaLimitMB.
	MediaLimitMB int
	// ClampPageSize serves the largest page that a resource has where more is
	// asked for. Such a request is refused otherwise.
	ClampPageSize bool
	// Seed decides which message indexes are skipped, and what the SIDs of the
	// target are.
	Seed uint64
	// Diary keeps who did what in the target, for Truth.
	Diary bool
	// Unkind is what the emulator does that no document rules out.
	Unkind Unkind

	// AccountWebhooks are the callbacks of the target account, Subscriptions those of
	// Event Streams. EventsDenied lets credentials not read them.
	AccountWebhooks AccountWebhooks
	Subscriptions   []Subscription
	EventsDenied    bool

	// ChatAddr, ConversationsAddr, MediaAddr, EventsAddr and APIAddr are where Serve listens.
	// Default to 127.0.0.1 and a port that the system picks.
	ChatAddr, ConversationsAddr, MediaAddr, EventsAddr, APIAddr string
	// ChatBase, ConversationsBase, MediaBase and EventsBase are the scheme and host of the URLs
	// in replies. Default to what the request was sent to. The API host has none: its
	// addresses are relative.
	ChatBase, ConversationsBase, MediaBase, EventsBase string

	// Latency is added to every request.
	Latency time.Duration
	// Now is the clock. Defaults to time.Now.
	Now func() time.Time
	// Intercept, if set, stands between every accepted request and its effect.
	Intercept Interceptor

	renamed sidMask // of what an archive holds
}

func (c Config) withDefaults() (Config, error) {
	if c.Archive != nil && c.Generate.enabled() {
		return c, errors.New("seed source: an archive and a generated workspace exclude each other")
	}
	if (c.APIKey == "") != (c.APISecret == "") {
		return c, errors.New("configure credentials: an API key needs its secret")
	}
	if (c.TargetAccountSID == "") != (c.TargetAuthToken == "") {
		return c, errors.New("configure credentials: a target account needs its token")
	}
	if (c.TargetAPIKey == "") != (c.TargetAPISecret == "") || c.TargetAPIKey != "" && c.TargetAccountSID == "" {
		return c, errors.New("configure credentials: an API key of the target needs its secret, and a target account")
	}
	if (c.MainKey == "") != (c.MainSecret == "") {
		return c, errors.New("configure credentials: a main key needs its secret")
	}
	if err := c.checkSubaccounts(); err != nil {
		return c, err
	}
	c.FriendlyName = cmp.Or(c.FriendlyName, "Main account")
	c.Status = cmp.Or(c.Status, Active)
	c.Type = cmp.Or(c.Type, Full)
	c.AccountSID = cmp.Or(c.AccountSID, DefaultAccountSID)
	c.AuthToken = cmp.Or(c.AuthToken, DefaultAuthToken)
	c.ParticipantLimit = cmp.Or(c.ParticipantLimit, DefaultParticipantLimit)
	c.ConversationLimit = cmp.Or(c.ConversationLimit, DefaultConversationLimit)
	c.MediaLimitMB = cmp.Or(c.MediaLimitMB, DefaultMediaLimitMB)
	c.ChatAddr = cmp.Or(c.ChatAddr, "127.0.0.1:0")
	c.ConversationsAddr = cmp.Or(c.ConversationsAddr, "127.0.0.1:0")
	c.MediaAddr = cmp.Or(c.MediaAddr, "127.0.0.1:0")
	c.EventsAddr = cmp.Or(c.EventsAddr, "127.0.0.1:0")
	c.APIAddr = cmp.Or(c.APIAddr, "127.0.0.1:0")
	if c.Now == nil {
		c.Now = time.Now
	}
	return c, nil
}
