package audit

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
)

func TestLatencyOfAnEstimate(t *testing.T) {
	const ms = time.Millisecond
	wire := func(took time.Duration, known bool) func() (time.Duration, bool) {
		return func() (time.Duration, bool) { return took, known }
	}
	for name, c := range map[string]struct {
		given, rehearsed time.Duration
		wire             func() (time.Duration, bool)
		read, write      time.Duration
		from             string
	}{
		"is what somebody says":                      {given: 120 * ms, wire: wire(50*ms, true), read: 120 * ms, write: 120 * ms, from: LatencyGiven},
		"is what its own reads took":                 {wire: wire(50*ms, true), read: 50 * ms, write: 50 * ms, from: LatencyMeasured},
		"is nothing if that is what they took":       {wire: wire(0, true), from: LatencyMeasured},
		"is that of a rehearsal for writes":          {rehearsed: 90 * ms, wire: wire(50*ms, true), read: 50 * ms, write: 90 * ms, from: LatencyMeasured},
		"is that of a rehearsal if nothing was read": {rehearsed: 90 * ms, wire: wire(0, false), read: 90 * ms, write: 90 * ms, from: LatencyRehearsed},
		"is assumed if nothing was read":             {wire: wire(0, false), read: 100 * ms, write: 100 * ms, from: LatencyAssumed},
		"is assumed if nobody measures":              {read: 100 * ms, write: 100 * ms, from: LatencyAssumed},
	} {
		t.Run(name, func(t *testing.T) {
			a := &Auditor{Latency: c.wire}
			read, write, from := a.latency(migrate.Settings{Latency: c.given, WriteTime: c.rehearsed})
			require.Equal(t, []any{c.read, c.write, c.from}, []any{read, write, from})
		})
	}
}

func TestConditions(t *testing.T) {
	loads := []serviceLoad{{channels: []channelLoad{{messages: 50, attributed: 20}}}}
	loads[0].channels[0].read.messages = 50
	of := func(reads int64, to string) conditions {
		set := migrate.Settings{Latency: time.Second, Concurrency: 3, InFlight: 6, APS: 30, Settle: 10 * time.Second, ToService: to}
		a := &audit{Auditor: &Auditor{Traffic: func() migrate.Traffic { return migrate.Traffic{Reads: reads} }}, set: set}
		at, from := a.conditions(loads)
		require.Equal(t, LatencyGiven, from)
		require.Equal(t, []int{3, 6}, []int{at.lanes, at.inFlight})
		return at
	}
	require.Zero(t, of(0, "").source, "an archive is read from a disk")
	require.Equal(t, time.Second, of(0, "").read, "and the target is not")
	require.Equal(t, time.Second, of(6, "").source)
	require.False(t, of(6, "").single)
	require.True(t, of(6+20, "").single, "the list did not show the attributes")
	require.Equal(t, 10*time.Second, of(6, "").settle)
	require.Zero(t, of(6, "IS1").settle, "no service is made")
}

// One second a request, and no limit on writes.
func TestEstimateByHandOfLatency(t *testing.T) {
	c := channelLoad{sid: "CH1", members: []int32{0, 1}, messages: 150, horizons: 1, attributed: 20}
	c.read.members, c.read.messages = 2, 150
	at := conditions{read: time.Second, write: time.Second, source: time.Second, settle: 30 * time.Second, lanes: 1, inFlight: 2, reads: 40}
	loads := []serviceLoad{{settings: 4, roles: 2, users: 2, people: 2, channels: []channelLoad{c}}}

	lane := float64(2 + 150 + 1 + 1) // participants, messages, a horizon, the date
	lane += 1                        // the other end; the rest is read beside what is written
	lane += 2 + 1                    // read back, participants
	before := 15.0 + 9 + 3 + 2       // half a settle time, the service, its preparation, roles
	opens := 1.0 + 1 + 1 + 1         // the channel, push, the conversation, two users at once
	after := 4.0 + 1                 // configuration, the claim
	requests := 40 + 4 + 150 + 2 + 1 + 1 + (2 + 2 + 1) + targetReads(loads)

	e := estimate(loads, at)
	require.Equal(t, BoundByLane, e.BoundBy)
	require.InDelta(t, lane, e.LongestLane, slack)
	require.InDelta(t, before, e.Before, slack)
	require.InDelta(t, after, e.After, slack)
	require.InDelta(t, before+opens+lane+after, e.Seconds, slack)
	require.EqualValues(t, requests, e.Requests)
	require.InDelta(t, float64(requests)/2, e.InFlightSeconds, slack)

	at.single = true
	require.InDelta(t, lane, estimate(loads, at).LongestLane, slack, "ten fetches a page, all at once, while participants are written")
	loads[0].channels[0].members, loads[0].channels[0].attributed = nil, 300
	require.InDelta(t, lane-2+3, estimate(loads, at).LongestLane, slack, "a page, and 150 fetches of which 64 go at once, beside the create")
	loads[0].channels[0] = c
	at.single, at.inFlight = false, 1
	require.Equal(t, BoundByInFlight, estimate(loads, at).BoundBy)
	require.InDelta(t, before+float64(requests)+after, estimate(loads, at).Seconds, slack)
	at.source, at.inFlight = 0, 0
	require.InDelta(t, lane-1, estimate(loads, at).LongestLane, slack, "an archive is read at once")
}

func TestTurns(t *testing.T) {
	for name, c := range map[string]struct {
		aps, each float64
		n         int64
		want      float64
	}{
		"none":                        {30, 0.01, 0, 0},
		"a window's worth at once":    {30, 0.01, 150, 1.5},
		"and one more":                {30, 0.01, 151, 5.05 + 0.01},
		"three windows":               {30, 0.01, 450, 2*5.05 + 1.5},
		"slower by themselves":        {30, 0.1, 600, 60},
		"without a limit":             {0, 0.01, 600, 6},
		"a window that holds but one": {0.1, 1, 3, 30},
	} {
		t.Run(name, func(t *testing.T) {
			require.InDelta(t, c.want, conditions{aps: c.aps, window: window}.turns(c.n, c.each), slack)
		})
	}
}
