package audit

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// One write a second makes seconds of writes.
func TestEstimateByHand(t *testing.T) {
	long := channelLoad{sid: "CH1", members: []int32{0, 1, 5}, messages: 10, horizons: 1} // 15 writes
	short := channelLoad{sid: "CH2", members: []int32{0}, messages: 5}                    // 7 writes
	desk := serviceLoad{settings: 4, roles: 2, users: 3, levels: 4, channels: []channelLoad{short, long}}
	of := func(s serviceLoad, channels ...channelLoad) []serviceLoad {
		s.channels = channels
		return []serviceLoad{s}
	}
	for name, c := range map[string]struct {
		loads []serviceLoad
		lanes int
		want  Estimate
	}{
		"nothing takes no time": {nil, 2, Estimate{BoundBy: BoundByNothing}},
		// 2 roles, the conversation with its 3 people, 15 in the lane, 4 levels.
		"one channel": {of(desk, long), 1, Estimate{
			Before: 2, After: 4, Seconds: 2 + 4 + 15 + 4, BoundBy: BoundByLane, LongestChannel: "CH1",
			Gate: 2 + 3 + 1 + 1 + 4, GateWrites: 11, LongestLane: 15, LongestLaneWrites: 15, Concurrency: 15, LaneWrites: 15,
		}},
		// The short one follows in the same slot. Its only member is there by then.
		"two channels in one lane": {of(desk, short, long), 1, Estimate{
			Before: 2, After: 4, Seconds: 2 + 4 + 15 + 1 + 7 + 4, BoundBy: BoundByConcurrency, LongestChannel: "CH1",
			Gate: 12, GateWrites: 12, LongestLane: 15, LongestLaneWrites: 15, Concurrency: 22, LaneWrites: 22,
		}},
		// The short one is done before the long one, which was let in first.
		"two channels beside each other": {of(desk, short, long), 2, Estimate{
			Before: 2, After: 4, Seconds: 2 + 4 + 15 + 4, BoundBy: BoundByLane, LongestChannel: "CH1",
			Gate: 12, GateWrites: 12, LongestLane: 15, LongestLaneWrites: 15, Concurrency: 11, LaneWrites: 22,
		}},
		// The user behind the last one listed is missing, and is created too.
		"the first user that is missing": {of(serviceLoad{users: 1}, channelLoad{sid: "CH3", members: []int32{1}}), 1, Estimate{
			Seconds: 2 + 2, BoundBy: BoundByGate, LongestChannel: "CH3",
			Gate: 3, GateWrites: 3, LongestLane: 2, LongestLaneWrites: 2, Concurrency: 2, LaneWrites: 2,
		}},
		// The lane ends after 2 + 2, and the gate is busy with everybody else.
		// That somebody missing comes leaves everybody else to come.
		"users beside one that is missing": {of(serviceLoad{users: 50}, channelLoad{sid: "CH3", members: []int32{50}}), 1, Estimate{
			Seconds: 52, BoundBy: BoundByGate, LongestChannel: "CH3",
			Gate: 52, GateWrites: 52, LongestLane: 2, LongestLaneWrites: 2, Concurrency: 2, LaneWrites: 2,
		}},
		"users whom no channel asks for": {of(serviceLoad{users: 50}, channelLoad{sid: "CH3", members: []int32{0}}), 1, Estimate{
			Seconds: 51, BoundBy: BoundByGate, LongestChannel: "CH3",
			Gate: 51, GateWrites: 51, LongestLane: 2, LongestLaneWrites: 2, Concurrency: 2, LaneWrites: 2,
		}},
		// Each service has a gate; the levels of both are set beside each other.
		"two services": {[]serviceLoad{{users: 5, levels: 3}, {users: 9, levels: 1}}, 1, Estimate{
			After: 3, Seconds: 9 + 3, BoundBy: BoundByGate, Gate: 10, GateWrites: 10,
		}},
		"the first of two that are equally long": {of(serviceLoad{}, channelLoad{sid: "CH4"}, channelLoad{sid: "CH5"}), 2, Estimate{
			Seconds: 2 + 1, BoundBy: BoundByGate, LongestChannel: "CH4",
			Gate: 2, GateWrites: 2, LongestLane: 1, LongestLaneWrites: 1, Concurrency: 1, LaneWrites: 2,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			c.want.APS, c.want.Lanes, c.want.Requests = 1, c.lanes, writes(c.loads)+targetReads(c.loads)
			require.Equal(t, c.want, estimate(c.loads, paced(1, 0, c.lanes)))
			c.want.APS, c.want.Seconds, c.want.BoundBy = 0, 0, BoundByNothing
			c.want.Gate, c.want.LongestLane, c.want.Concurrency, c.want.Before, c.want.After = 0, 0, 0, 0, 0
			require.Equal(t, c.want, estimate(c.loads, paced(0, 0, c.lanes)), "unpaced, the writes are the same")
		})
	}
}

func TestRequestsByHand(t *testing.T) {
	members := func(n int) []int32 { return make([]int32, n) }
	reads := func(channels ...channelLoad) int64 { return targetReads([]serviceLoad{{channels: channels}}) }
	require.EqualValues(t, 2, targetReads(nil), "timers and services")
	require.EqualValues(t, 2+4, reads())
	require.EqualValues(t, 2+4+4, targetReads(make([]serviceLoad, 2)))
	require.EqualValues(t, 6+1, reads(channelLoad{}), "the end of a list is read too")
	require.EqualValues(t, 6+1, reads(channelLoad{messages: 99}))
	require.EqualValues(t, 6+2, reads(channelLoad{messages: 100}))
	require.EqualValues(t, 6+1, reads(channelLoad{members: members(500)}), "participants are read for horizons alone")
	require.EqualValues(t, 6+1+1, reads(channelLoad{members: members(99), horizons: 1}))
	require.EqualValues(t, 6+1+2, reads(channelLoad{members: members(100), horizons: 1}))

	require.EqualValues(t, 4+2+3+1+1+4+15, writes([]serviceLoad{{
		settings: 4, roles: 2, users: 3, levels: 4,
		channels: []channelLoad{{members: []int32{0, 1, 5}, messages: 10, horizons: 1}},
	}}))
	require.Zero(t, writes(nil))
}

// A lane has one write in flight: what a write takes in the account of the target
// makes it slower than the limit does. The gate has many in flight.
func TestEstimateByHandWithWhatAWriteTakes(t *testing.T) {
	loads := []serviceLoad{{roles: 2, users: 3, levels: 4, channels: []channelLoad{{sid: "CH1", members: []int32{0, 1, 2}, messages: 10, horizons: 1}}}}
	want := Estimate{
		APS: 1, Lanes: 1, Before: 4, After: 4 + 2, Seconds: 4 + 2 + 2 + 30 + 4 + 2, BoundBy: BoundByLane, LongestChannel: "CH1", WriteSeconds: 2,
		Gate: 10, GateWrites: 10, LongestLane: 30, LongestLaneWrites: 15, Concurrency: 30, LaneWrites: 15,
	}
	want.Requests = writes(loads) + targetReads(loads)
	require.Equal(t, want, estimate(loads, paced(1, 2*time.Second, 1)), "two roles, a conversation and three users for it at once, and the claim at the end")
	within, without := estimate(loads, paced(1, time.Second/2, 1)), estimate(loads, paced(1, 0, 1))
	without.Seconds, without.After = without.Seconds+0.5, without.After+0.5 // of the claim
	require.Equal(t, without, within, "the limit is longer")
	want.APS, want.Gate, want.After, want.Seconds = 0, 0, 1+2, 4+2+2+30+1+2 // eight levels are in flight at once
	require.Equal(t, want, estimate(loads, paced(0, 2*time.Second, 1)), "without a limit it is what a write takes")
}
