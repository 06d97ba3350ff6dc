package audit

import (
	"math"
	"time"

	"chatbridge/migrate"
)

// What a migration does beside its writes, as rounds: requests, or groups of them, that
// wait for the one before. TestEstimateOfLatency holds them to what replay does, and
// prints how far they are off.
const (
	// roundsFirst come once: default timers of the target, and of the source the list of
	// services and its end, and credentials.
	roundsFirst, sourceFirst = 1, 3
	// roundsToFind look for the service of each source service before it is made. After
	// them the run is half a settle time old, at the least, if it makes one.
	roundsToFind = 2
	// roundsToMake make it, claim it and look for a rival: five reads and four writes,
	// one service after the other.
	roundsToMake = 9
	// roundsToPrepare read the roles of the target, and of the source the end of the list
	// of users, whose first page and roles were read before, of all services concurrently.
	roundsToPrepare, sourceToPrepare = 1, 1
	// roundsToMute look at push notifications before the first write of a service.
	roundsToMute = 1
	// roundsToConclude read and set the configuration of a service, when its channels are
	// done.
	roundsToConclude = 4
	// roundsLast let go of the claim.
	roundsLast = 1

	// sourceBefore is read of a channel before its conversation is made.
	sourceBefore = 1
	// sourceInside is read of every channel once, and waited for: the other end of the
	// list of messages. Members, invites and the first page of messages are read while
	// the conversation is made, and further pages while the one before is written.
	sourceInside = 1
	// sourceBeside are read of every channel once, and not waited for: invites.
	sourceBeside = 1
	// pagesBackAtOnce are how many pages of a conversation are read back concurrently.
	pagesBackAtOnce = 1
)

// Records of a page, and how many single fetches go with one another: those of the
// driver, which asks for the most that Twilio documents.
const (
	listPage        = 1000 // users, channels, members of Chat v1
	messagePage     = 100
	targetPage      = 100 // messages and participants of Conversations
	messagesFetched = 64  // at once, of one channel, whose attributes the list did not show
)

// assumedLatency is what a request takes if nothing was read over the wire and nobody
// said. No document says how long one takes: this is a guess at a machine that is not
// close to Twilio's region.
const assumedLatency = 100 * time.Millisecond

// Where the latency of an estimate is from.
const (
	LatencyGiven     = "given"
	LatencyMeasured  = "measured"  // with the reads of the audit
	LatencyRehearsed = "rehearsal" // with writes of one
	LatencyAssumed   = "assumed"
)

// conditions are what a migration meets, as far as they decide how long it takes.
type conditions struct {
	window      time.Duration // that writes are averaged over; 0 spaces them evenly
	aps         float64       // writes a second of a conversation, and of a service; 0 or less for no limit
	read, write time.Duration // that a request takes
	source      time.Duration // that a read of the source takes: 0 if it is on this machine
	settle      time.Duration // half of which a run lets pass before it makes a service; 0 if it makes none
	lanes       int           // at once
	inFlight    int           // requests at once; 0 for no limit
	reads       int64         // of the source, in all
	single      bool          // the lists of the source do not show attributes
}

// window is what the engine averages the writes of one limit over, and a little more.
const window = 5050 * time.Millisecond

// turns is how long n writes take that share a limit, and of which each takes so many
// seconds by itself: a window's worth may come at once.
func (c conditions) turns(n int64, each float64) float64 {
	if n <= 0 {
		return 0
	}
	most, over := c.aWindow()
	if most <= 1 {
		return float64(n) * max(c.pace(), each)
	}
	if each*most >= over {
		return float64(n) * each
	}
	full := math.Floor(float64(n-1) / most)
	return full*over + (float64(n)-full*most)*each
}

// aWindow is how many writes a limit takes at once, in so many seconds.
func (c conditions) aWindow() (most, seconds float64) {
	return math.Floor(c.aps * c.window.Truncate(time.Second).Seconds()), c.window.Seconds()
}

// step is how long a write takes that waits for the one before, in seconds.
func (c conditions) step() float64 { return max(c.pace(), c.write.Seconds()) }

// pace is how far the writes that share a limit lie apart, in seconds.
func (c conditions) pace() float64 {
	if c.aps <= 0 {
		return 0
	}
	return 1 / c.aps
}

// wide is how far writes lie apart that share a limit, if so many are in flight at once.
func (c conditions) wide(most int) float64 {
	return max(c.pace(), c.write.Seconds()/float64(most))
}

// latency says how long a read and a write take, and how that is known. What a rehearsal
// measured holds for writes, and what the audit measured for reads. Each stands in for
// the other where that is not known.
func (a *Auditor) latency(set migrate.Settings) (read, write time.Duration, from string) {
	measured, known := time.Duration(0), false
	if a.Latency != nil {
		measured, known = a.Latency()
	}
	switch {
	case set.Latency > 0:
		read, from = set.Latency, LatencyGiven
	case known:
		read, from = measured, LatencyMeasured
	case set.WriteTime > 0:
		read, from = set.WriteTime, LatencyRehearsed
	default:
		read, from = assumedLatency, LatencyAssumed
	}
	write = read
	if set.WriteTime > 0 {
		write = set.WriteTime
	}
	return read, write, from
}

// conditions are those of a migration that the settings, the transport and what was read
// tell of. A migration reads the source just as the audit did.
func (t *audit) conditions(loads []serviceLoad) (at conditions, from string) {
	at = conditions{window: window, aps: t.set.APS, lanes: t.set.Concurrency, inFlight: t.set.InFlight}
	at.read, at.write, from = t.latency(t.set)
	at.source = at.read
	if t.set.ToService == "" {
		at.settle = t.set.Settle
	}
	if t.Traffic == nil {
		return at, from
	}
	if at.reads = t.Traffic().Reads; at.reads == 0 {
		at.source = 0 // it is an archive
	}
	listed, attributed := 0.0, int64(0)
	for _, s := range loads {
		for _, c := range s.channels {
			attributed += c.attributed
			listed += sourceInside + sourceBeside + sourceBefore + pages(c.read.members, listPage) + pages(c.read.messages, messagePage)
		}
	}
	at.single = float64(at.reads)-listed > float64(attributed)/2
	return at, from
}

// pages are how many requests a list takes: one at the least.
func pages(records, size int64) float64 {
	return math.Max(1, math.Ceil(float64(records)/float64(size)))
}

// sourceRounds are how many reads of the source a lane waits for.
func (c channelLoad) sourceRounds(single bool) float64 {
	read, first := pages(c.read.messages, messagePage), 1.0
	if single { // and the fetches of what the page does not show
		first += math.Ceil(float64(c.attributed) / read / messagesFetched)
	}
	// Beside the create, and one participant after the other.
	beside := 1 + float64(len(c.members))
	return sourceInside + pages(c.read.members, listPage) - 1 + max(0, first-beside)
}

// targetRounds are how many reads of the target a lane waits for.
func (c channelLoad) targetRounds() float64 {
	n := math.Ceil(pages(c.messages, targetPage) / pagesBackAtOnce)
	if c.horizons > 0 {
		n += pages(int64(len(c.members)), targetPage)
	}
	return n
}

// user is how long a user takes by itself, in seconds, as a mean.
func (s serviceLoad) user(at conditions) float64 {
	return at.write.Seconds() + at.source.Seconds()*float64(s.hidden)/float64(max(1, s.users))
}

// seconds is how long a lane takes once it has its conversation and its users.
func (c channelLoad) seconds(at conditions) float64 {
	reads := c.sourceRounds(at.single)*at.source.Seconds() + c.targetRounds()*at.read.Seconds() +
		float64(c.files)*(fileReads*at.source.Seconds()+fileWrites*at.write.Seconds())
	// What is read in between lets the window pass.
	return max(at.turns(c.lane(), at.write.Seconds()), float64(c.lane())*at.write.Seconds()+reads)
}
