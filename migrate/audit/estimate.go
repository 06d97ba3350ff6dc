package audit

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// serviceLoad is what a migration has to write for one service.
type serviceLoad struct {
	sid      string
	settings int64 // configuration writes, at the ends
	roles    int64
	users    int64 // those that the source lists; the numbers of channelLoad.members below this are theirs
	people   int64 // those, and members without a user
	levels   int64 // notification levels, when all lanes have ended
	channels []channelLoad
}

// channelLoad is what a migration has to write for one channel.
type channelLoad struct {
	sid      string
	members  []int32 // numbers of users
	messages int64
	files    int64 // that are copied
	bytes    int64 // of those
	horizons int64
	webhooks int64                             // that are carried, one write each, when all else has ended
	read     struct{ members, messages int64 } // what the source showed, left out or not
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
	BoundByBandwidth   = "bandwidth"
	BoundByNothing     = "unpaced"
)

// rates are how many writes a second go through; infinite without a limit.
type rates struct{ gate, lane float64 }

// ratesOf takes aps as the limit of a service and of a conversation; below 0 or 0
// there is none. A lane has one write in flight, so it is no faster than a write
// takes; 0 if nobody knows how long that is. The gate has many.
func ratesOf(aps float64, write time.Duration) rates {
	limit := math.Inf(1)
	if aps > 0 {
		limit = aps
	}
	r := rates{gate: limit, lane: limit}
	if write > 0 {
		r.lane = min(limit, 1/write.Seconds())
	}
	return r
}

// estimate says how long a migration takes when each conversation and each
// service admits aps writes a second, a write takes so long, and lanes of them run
// beside each other. It plays the schedule of the engine through: longest lanes first, each behind
// the gate for the users that no lane before it brought.
//
// More work never lowers a bound. It can shorten the schedule, as it would the
// migration: another order of lanes may suit the gates better, and a lane that
// begins earlier may bring a user for whom a later one would have waited.
func estimate(loads []serviceLoad, aps float64, write time.Duration, lanes int) Estimate {
	e := Estimate{APS: aps, BoundBy: BoundByNothing}
	var all int64
	var longest int64
	var widest int64
	for _, s := range loads {
		widest = max(widest, s.gate())
		for _, c := range s.channels {
			all += c.lane()
			if c.lane() > longest {
				longest, e.LongestChannel = c.lane(), c.sid
			}
		}
	}
	e.GateWrites, e.LongestLaneWrites, e.LaneWrites, e.Lanes = widest, longest, all, lanes
	r := ratesOf(aps, write)
	if math.IsInf(r.lane, 1) {
		return e
	}
	if r.lane < r.gate {
		e.WriteSeconds = write.Seconds()
	}
	e.Gate = float64(widest) / r.gate
	e.LongestLane = float64(longest) / r.lane
	e.Concurrency = float64(all) / (r.lane * float64(lanes))
	bounds := []struct {
		name    string
		seconds float64
	}{{BoundByGate, e.Gate}, {BoundByLane, e.LongestLane}, {BoundByConcurrency, e.Concurrency}}
	for _, b := range bounds {
		if b.seconds > e.Seconds {
			e.Seconds, e.BoundBy = b.seconds, b.name
		}
	}
	e.Seconds = max(e.Seconds, simulate(loads, r, lanes))
	return e
}

// simulate plays the schedule through and returns when the last write ends: the
// lanes of all services in one line, the longest first, each behind the gate of
// its service.
func simulate(loads []serviceLoad, r rates, lanes int) float64 {
	gates := make([]gateway, len(loads))
	for i, s := range loads {
		gates[i] = gateway{here: map[int32]bool{}, free: float64(s.roles) / r.gate, users: s.users, rest: s.users}
	}
	slots := make([]float64, lanes) // when each is free
	end := 0.0
	for _, p := range line(loads) {
		first := slices.Index(slots, slices.Min(slots))
		slots[first] = gates[p.service].lane(loads[p.service].channels[p.channel], slots[first], r)
		end = max(end, slots[first])
	}
	levels := int64(0)
	for i, g := range gates {
		end = max(end, g.free+float64(g.rest)/r.gate)
		levels = max(levels, loads[i].levels)
	}
	return end + float64(levels)/r.gate
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
	free  float64        // when the gate can take the next write
	users int64          // that the source lists
	rest  int64          // of these, the ones that no lane brought yet
}

// lane takes a channel through the gate and its lane, in a slot that is free at
// a time, and returns when it ends.
func (g *gateway) lane(c channelLoad, at float64, r rates) float64 {
	ahead := 1.0 // the conversation itself
	for _, id := range c.members {
		if g.here[id] {
			continue
		}
		g.here[id] = true
		ahead++
		if int64(id) < g.users {
			g.rest--
		}
	}
	g.free = max(at, g.free) + ahead/r.gate
	return g.free + float64(c.lane())/r.lane
}
