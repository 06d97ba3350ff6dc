package audit

import (
	"cmp"
	"math"
	"slices"

	"chatbridge/migrate"
)

// serviceLoad is what a migration has to write for one service.
type serviceLoad struct {
	sid      string
	settings int64 // configuration writes, at the ends
	asked    int64 // users whose channels are read at the end, and channels whose webhooks are
	roles    int64
	users    int64 // those that the source lists; the numbers of channelLoad.members below this are theirs
	hidden   int64 // of these, those whose attributes the list does not show
	people   int64 // those, and members without a user
	levels   int64 // notification levels, when all lanes have ended
	channels []channelLoad
}

// channelLoad is what a migration has to write for one channel.
type channelLoad struct {
	sid      string
	members  []int32 // numbers of users
	fills    bool    // members come in until there is no room
	messages int64
	files    int64 // that are copied
	bytes    int64 // of those
	horizons int64
	// attributed are the messages that were read and have attributes, which Chat v1
	// shows of each message by itself.
	attributed int64
	webhooks   int64                             // that are carried, one write each, when all else has ended
	read       struct{ members, messages int64 } // what the source showed, left out or not
}

// lane is how many writes share the limit of the conversation: participants,
// messages, horizons, and the dates at the end.
func (c channelLoad) lane() int64 { return int64(len(c.members)) + c.messages + c.horizons + 1 }

// gate is how many writes share the limit of the service.
func (s serviceLoad) gate() int64 {
	everyone := map[int32]bool{}
	for _, c := range s.channels {
		for _, id := range c.members {
			everyone[id] = true
		}
	}
	missing := int64(0)
	for id := range everyone {
		if int64(id) >= s.users {
			missing++
		}
	}
	return s.roles + s.users + missing + int64(len(s.channels)) + s.levels
}

func writes(loads []serviceLoad) int64 {
	var n int64
	for _, s := range loads {
		n += s.settings + s.gate()
		for _, c := range s.channels {
			n += c.lane() + c.webhooks
		}
	}
	return n
}

// targetReads is how many requests read the target: the checks at the start and
// the read-back of every conversation.
func targetReads(loads []serviceLoad) int64 {
	const perPage = 100 // messages and participants of Conversations
	n := int64(2)       // default timers, services
	for _, s := range loads {
		n += 4 // roles, and the configuration before and after
		for _, c := range s.channels {
			n += c.messages/perPage + 1
			if c.webhooks > 0 {
				n++
			}
			if c.horizons > 0 {
				n += int64(len(c.members))/perPage + 1
			}
		}
	}
	return n
}

// What decides how long a migration takes.
const (
	BoundByGate        = "gate"
	BoundByLane        = "longest lane"
	BoundByConcurrency = "concurrency"
	BoundByInFlight    = "requests in flight"
	BoundByBandwidth   = "bandwidth"
	BoundByNothing     = "unpaced"
)

// estimate says how long a migration takes under the conditions at: the longest of what
// shares the limit of a service, the longest lane, all lanes in as many as run at once,
// and all requests in as many as are in flight. It plays the schedule of the engine
// through: longest lanes first, each behind the gate for the users that no lane before
// it brought.
//
// More work never lowers a bound. It can shorten the schedule, as it would the
// migration: another order of lanes may suit the gates better, and a lane that
// begins earlier may bring a user for whom a later one would have waited.
func estimate(loads []serviceLoad, at conditions) Estimate {
	e := Estimate{APS: at.aps, BoundBy: BoundByNothing, Lanes: at.lanes, InFlight: at.inFlight}
	longest, all := 0.0, 0.0 // seconds
	for _, s := range loads {
		e.GateWrites = max(e.GateWrites, s.gate())
		for _, c := range s.channels {
			e.LaneWrites += c.lane()
			took := c.seconds(at)
			all += took
			if took > longest || took == longest && c.lane() > e.LongestLaneWrites || e.LongestChannel == "" {
				longest, e.LongestChannel, e.LongestLaneWrites = took, c.sid, c.lane()
			}
		}
	}
	e.LatencySeconds, e.Requests = at.read.Seconds(), at.reads+targetReads(loads)+writes(loads)
	if at.aps <= 0 && at.read <= 0 && at.write <= 0 {
		return e
	}
	if at.write != at.read && at.step() > at.pace() {
		e.WriteSeconds = at.write.Seconds()
	}
	e.Gate, e.LongestLane, e.Concurrency = at.turns(e.GateWrites, 0), longest, all/float64(at.lanes)
	if at.inFlight > 0 {
		written := float64(writes(loads))
		e.InFlightSeconds = (written*at.write.Seconds() + (float64(e.Requests)-written)*at.read.Seconds()) / float64(at.inFlight)
	}
	bounds := []struct {
		name    string
		seconds float64
	}{{BoundByGate, e.Gate}, {BoundByLane, e.LongestLane}, {BoundByConcurrency, e.Concurrency}, {BoundByInFlight, e.InFlightSeconds}}
	for _, b := range bounds {
		if b.seconds > e.Seconds {
			e.Seconds, e.BoundBy = b.seconds, b.name
		}
	}
	e.Before, e.After = before(loads, at), after(loads, at)
	end := max(simulate(loads, at, e.Before), e.Before+max(e.LongestLane, e.Concurrency, e.InFlightSeconds))
	e.Seconds = max(e.Gate, end+e.After) // some of what the gate takes comes before the lanes, and after
	return e
}

// before is when the first lane begins: services are opened one after the other and
// prepared concurrently.
func before(loads []serviceLoad, at conditions) float64 {
	read, source := at.read.Seconds(), at.source.Seconds()
	begin := roundsFirst*read + sourceFirst*source
	for i := range loads {
		begin += roundsToFind * read
		if i == 0 {
			begin = max(begin, at.settle.Seconds()/2)
		}
		begin += roundsToMake * read
	}
	longest := 0.0
	for _, s := range loads {
		rounds := sourceToPrepare + pages(s.users, listPage) - 1 + pages(int64(len(s.channels)), listPage)
		longest = max(longest, roundsToPrepare*read+rounds*source+float64(s.roles)*at.step())
	}
	return begin + longest
}

// after is what follows the last lane: who muted what, the configuration of each service
// concurrently, webhooks, and the claim.
func after(loads []serviceLoad, at conditions) float64 {
	if len(loads) == 0 {
		return 0
	}
	muted, hooks := 0.0, 0.0
	for _, s := range loads {
		muted = max(muted, float64(s.levels)*at.wide(migrate.GateAtOnce)+float64(s.asked)*at.source.Seconds()/migrate.GateAtOnce)
		for _, c := range s.channels { // each looks at what is there first
			hooks += float64(c.webhooks) * (at.read + at.write).Seconds() / migrate.GateAtOnce
		}
	}
	return muted + roundsToConclude*at.read.Seconds() + hooks + roundsLast*at.write.Seconds()
}

// simulate plays the schedule through from begin on, and returns when the last lane and
// the last user have ended: the lanes of all services in one line, the longest first,
// each behind the gate of its service.
func simulate(loads []serviceLoad, at conditions, begin float64) float64 {
	gates := make([]gateway, len(loads))
	for i, s := range loads {
		gates[i] = gateway{here: map[int32]bool{}, free: begin, users: s.users, rest: s.users, user: s.user(at)}
	}
	slots := make([]float64, at.lanes) // when each is free
	for i := range slots {
		slots[i] = begin
	}
	end, began := begin, begin
	for _, p := range line(loads) {
		first := slices.Index(slots, slices.Min(slots))
		began = slots[first]
		slots[first] = gates[p.service].lane(loads[p.service].channels[p.channel], began, at)
		end = max(end, slots[first])
	}
	for _, g := range gates { // who is in no channel comes when all lanes have begun
		rest := float64(g.rest)
		end = max(end, g.take(began, rest, at), began+rest*g.user/migrate.GateAtOnce)
	}
	return end
}

// place says where a channel stands: the numbers of its service and of it there.
type place struct{ service, channel int }

// line is the order of the lanes of all services: the longest first.
func line(loads []serviceLoad) []place {
	var all []place
	for i, s := range loads {
		for j := range s.channels {
			all = append(all, place{i, j})
		}
	}
	length := func(p place) int64 {
		c := loads[p.service].channels[p.channel]
		return c.messages + int64(len(c.members))
	}
	slices.SortStableFunc(all, func(a, b place) int { return cmp.Compare(length(b), length(a)) })
	return all
}

// gateway is the gate of one service while a schedule is played through.
type gateway struct {
	here  map[int32]bool // users that a lane brought
	sent  []float64      // when the latest writes passed, in a ring of a window's worth
	next  int            // the oldest of these
	free  float64        // when the latest passed
	users int64          // that the source lists
	rest  int64          // of these, the ones that no lane brought yet
	muted bool           // a lane saw to the push notifications
	user  float64        // seconds that one takes
}

// lane takes a channel through the gate and its lane, in a slot that is free at
// a time, and returns when it ends. A lane brings its users one after the other, while
// those of others pass the gate.
func (g *gateway) lane(c channelLoad, free float64, at conditions) float64 {
	free += sourceBefore * at.source.Seconds()
	if !g.muted {
		g.muted = true
		free += roundsToMute * at.read.Seconds()
	}
	brought := 0.0
	for _, id := range c.members {
		if g.here[id] {
			continue
		}
		g.here[id] = true
		brought++
		if int64(id) < g.users {
			g.rest--
		}
	}
	alone := free + at.write.Seconds() + math.Ceil(brought/migrate.GateAtOnce)*g.user
	return max(g.take(free, 1+brought, at), alone) + c.seconds(at)
}

// take has n writes pass the gate from a moment on, and returns when they have.
func (g *gateway) take(from, n float64, at conditions) float64 {
	if at.aps <= 0 {
		return from
	}
	g.free = max(from, g.free)
	most, over := at.aWindow()
	if most <= 1 {
		g.free += n * at.pace()
		return g.free
	}
	for range int(n) {
		if len(g.sent) < int(most) {
			g.sent = append(g.sent, g.free)
			continue
		}
		g.free = max(g.free, g.sent[g.next]+over)
		g.sent[g.next] = g.free
		g.next = (g.next + 1) % len(g.sent)
	}
	return g.free
}
