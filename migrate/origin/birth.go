package origin

import "time"

// slack is how far clocks may be apart before a date counts as past.
const slack = time.Minute

// Birth is when a conversation came to be, by a clock that no request can set.
// The zero Birth is unknown, and everything is young against it.
type Birth struct{ at time.Time }

// BornAt is the birth of a conversation whose creation was answered with this
// Date header. Without a ledger that kept it, the date_created of a target
// service that the migration made will do: the service is older than what is in
// it. That of the conversation will not, because the migration itself sets it.
func BornAt(t time.Time) Birth { return Birth{t} }

// Known reports whether there is a birth to compare with.
func (b Birth) Known() bool { return !b.at.IsZero() }

// before reports whether there was no conversation yet at that date.
func (b Birth) before(date time.Time) bool { return b.Known() && date.Before(b.at) }

// Past reports whether a thing of that date can only have been written by REST:
// it is dated more than a minute before the birth.
func (b Birth) Past(date time.Time) bool {
	return b.Known() && !date.IsZero() && date.Before(b.at.Add(-slack))
}
