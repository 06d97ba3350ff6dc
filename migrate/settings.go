package migrate

import (
	"time"

	"chatbridge/mapping"
)

// Settings are what a person chooses about a migration, an audit or a
// verification.
type Settings struct {
	// Services selects source services by SID. Empty selects all.
	Services []string

	// ToService is the SID of the target service to write into. Empty creates a
	// new one for each source service.
	ToService string

	// CopyAlways says why channels are copied although both sides are one
	// account, or that they are not; empty where an audit should look whether
	// anything has to be copied at all.
	CopyAlways string

	// Mapper converts; its zero value takes every default.
	Mapper mapping.Mapper

	// Concurrency is how many lanes run beside each other.
	//
	// Defaults to 16.
	Concurrency int

	// APS is how many writes a second are planned for one conversation, and for
	// one service. The pace itself is kept by the transport; here it serves the
	// estimate. Zero plans without a limit.
	APS float64

	// WriteTime is how long a write into a conversation takes in the target account,
	// as it was measured there. It serves the estimate. Zero if nobody knows.
	WriteTime time.Duration

	// Latency is how long a request takes on the wire, if a person said so. It serves
	// the estimate. Zero leaves it to what was measured.
	Latency time.Duration

	// InFlight is how many requests are in flight at most. The bound itself is kept by
	// the transport; here it serves the estimate. Zero plans without one.
	InFlight int

	// Settle is how long a write whose outcome is unknown is given to land
	// before the target is read. It must be longer than the service can sit on
	// a request whose connection is gone; no document says how long that is.
	//
	// Defaults to 10 seconds.
	Settle time.Duration

	// Watchdog stops a lane that made no progress for this long.
	//
	// Defaults to 2 minutes.
	Watchdog time.Duration

	// UserChannels says that the source shows what users have to do with
	// channels beyond members and invites, such as which they muted. Reading it
	// takes a request for each user.
	UserChannels bool

	// Unmatched says, when the work is done, which entries of files had no effect. Nil
	// if there are no such files.
	Unmatched func() []Unmatched

	// OnlyFailed runs only the channels that the ledger has failures for.
	OnlyFailed bool

	// MaxErrors ends the run when this many lanes were stopped. Zero never does.
	MaxErrors int
}

// Defaults of Settings.
const (
	DefaultConcurrency = 16
	DefaultAPS         = 30 // Twilio's documented limit, for each conversation and for each service
	DefaultSettle      = 10 * time.Second
	DefaultWatchdog    = 2 * time.Minute
)

func (s Settings) WithDefaults() Settings {
	if s.Concurrency <= 0 {
		s.Concurrency = DefaultConcurrency
	}
	if s.Settle <= 0 {
		s.Settle = DefaultSettle
	}
	if s.Watchdog <= 0 {
		s.Watchdog = DefaultWatchdog
	}
	return s
}

// WithoutEffect is what Unmatched says.
func (s Settings) WithoutEffect() []Unmatched {
	if s.Unmatched == nil {
		return nil
	}
	return s.Unmatched()
}

// GateAtOnce is how many users are written beside each other: enough to use
// the whole limit of the gate when an answer takes a quarter of a second.
const GateAtOnce = 8
