package audit

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// drawn is a workspace of any shape, small enough for its limits to matter in
// turn.
func drawn(t *rapid.T) []serviceLoad {
	loads := make([]serviceLoad, rapid.IntRange(0, 3).Draw(t, "services"))
	for i := range loads {
		loads[i] = drawnService(t, i)
	}
	return loads
}

func drawnService(t *rapid.T, i int) serviceLoad {
	s := serviceLoad{
		sid:      fmt.Sprint("IS", i),
		settings: rapid.Int64Range(0, 5).Draw(t, "settings"),
		roles:    rapid.Int64Range(0, 5).Draw(t, "roles"),
		users:    rapid.Int64Range(0, 30).Draw(t, "users"),
		levels:   rapid.Int64Range(0, 20).Draw(t, "levels"),
	}
	for range rapid.IntRange(0, 6).Draw(t, "channels") {
		s.channels = append(s.channels, drawnChannel(t, s.users))
	}
	return s
}

// drawnChannel has members of which some are not among the users.
func drawnChannel(t *rapid.T, users int64) channelLoad {
	members := rapid.SliceOfNDistinct(rapid.Int32Range(0, int32(users)+5), 0, 8, rapid.ID).Draw(t, "members")
	return channelLoad{
		sid: "CH", members: members,
		messages: rapid.Int64Range(0, 100).Draw(t, "messages"),
		horizons: rapid.Int64Range(0, int64(len(members))).Draw(t, "horizons"),
	}
}

func cloned(loads []serviceLoad) []serviceLoad {
	loads = slices.Clone(loads)
	for i := range loads {
		loads[i].channels = slices.Clone(loads[i].channels)
	}
	return loads
}

// paced are conditions in which reads take no time.
func paced(aps float64, write time.Duration, lanes int) conditions {
	return conditions{aps: aps, write: write, lanes: lanes}
}

var (
	drawAPS   = rapid.Float64Range(0.5, 100)
	drawLanes = rapid.IntRange(1, 8)
)

// slack is for the rounding of sums of floats.
const slack = 1e-9

func TestEstimateIsAtLeastTheLimits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		loads, aps, lanes := drawn(t), drawAPS.Draw(t, "aps"), drawLanes.Draw(t, "lanes")
		e := estimate(loads, paced(aps, 0, lanes))
		inLanes := 0.0
		for _, s := range loads {
			// One limit is the service's, and one is each conversation's, which
			// has to be there first.
			ids := map[int32]bool{}
			for id := range s.users {
				ids[int32(id)] = true
			}
			for _, c := range s.channels {
				for _, id := range c.members {
					ids[id] = true
				}
			}
			gate := float64(s.roles+s.levels) + float64(len(ids)+len(s.channels))
			require.GreaterOrEqual(t, e.Seconds+slack, gate/aps)
			require.GreaterOrEqual(t, e.Gate+slack, gate/aps)
			for _, c := range s.channels {
				own := float64(len(c.members)) + float64(c.messages+c.horizons+1)
				require.GreaterOrEqual(t, e.Seconds+slack, (1+own)/aps)
				require.GreaterOrEqual(t, e.LongestLane+slack, own/aps)
				inLanes += own
			}
		}
		require.InDelta(t, inLanes/aps/float64(lanes), e.Concurrency, slack)
		require.GreaterOrEqual(t, e.Seconds, max(e.Gate, e.LongestLane, e.Concurrency))
	})
}

func TestEstimateIsNeverShorterForWhatAWriteTakes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		loads, aps, lanes := drawn(t), drawAPS.Draw(t, "aps"), drawLanes.Draw(t, "lanes")
		write := time.Duration(rapid.Int64Range(0, int64(10*time.Second)).Draw(t, "write"))
		before, after := estimate(loads, paced(aps, 0, lanes)), estimate(loads, paced(aps, write, lanes))
		require.GreaterOrEqual(t, after.LongestLane, before.LongestLane)
		require.GreaterOrEqual(t, after.Concurrency, before.Concurrency)
		require.Equal(t, before.Gate, after.Gate, "it has many writes in flight")
		require.GreaterOrEqual(t, after.Seconds+slack, max(after.Gate, after.LongestLane, after.Concurrency))
		if write.Seconds() <= 1/aps {
			require.Equal(t, before.LongestLane, after.LongestLane, "the limit is what decides")
			require.Equal(t, before.Concurrency, after.Concurrency)
			require.Zero(t, after.WriteSeconds)
			require.InDelta(t, before.Seconds, after.Seconds, roundsLast*write.Seconds()+slack)
		}
	})
}

func TestEstimateIsNoLongerForHigherLimits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		loads, aps, lanes := drawn(t), drawAPS.Draw(t, "aps"), drawLanes.Draw(t, "lanes")
		before := estimate(loads, paced(aps, 0, lanes)).Seconds
		require.LessOrEqual(t, estimate(loads, paced(aps*rapid.Float64Range(1, 10).Draw(t, "times"), 0, lanes)).Seconds, before+slack)
		require.LessOrEqual(t, estimate(loads, paced(aps, 0, lanes+rapid.IntRange(1, 8).Draw(t, "more lanes"))).Seconds, before+slack)
		require.Zero(t, estimate(loads, paced(0, 0, lanes)).Seconds, "without a limit nothing is known")
	})
}

// growth makes a workspace larger, and says how many writes a lane may be rid of
// by it, since another brings its users earlier.
type growth func(t *rapid.T, loads []serviceLoad) (larger []serviceLoad, rid int)

func ofService(grow func(t *rapid.T, s *serviceLoad) (rid int)) growth {
	return func(t *rapid.T, loads []serviceLoad) ([]serviceLoad, int) {
		if len(loads) == 0 {
			return loads, 0
		}
		return loads, grow(t, &loads[rapid.IntRange(0, len(loads)-1).Draw(t, "which service")])
	}
}

func ofChannel(grow func(t *rapid.T, s *serviceLoad, c *channelLoad) (rid int)) growth {
	return ofService(func(t *rapid.T, s *serviceLoad) int {
		if len(s.channels) == 0 {
			return 0
		}
		return grow(t, s, &s.channels[rapid.IntRange(0, len(s.channels)-1).Draw(t, "which channel")])
	})
}

func TestEstimateIsNoShorterForMore(t *testing.T) {
	n := rapid.Int64Range(1, 50)
	add := func(field func(*serviceLoad) *int64) growth {
		return ofService(func(t *rapid.T, s *serviceLoad) int { *field(s) += n.Draw(t, "more"); return 0 })
	}
	for name, grow := range map[string]growth{
		"services": func(t *rapid.T, loads []serviceLoad) ([]serviceLoad, int) {
			return append(loads, drawnService(t, len(loads))), 0
		},
		"settings": add(func(s *serviceLoad) *int64 { return &s.settings }),
		"roles":    add(func(s *serviceLoad) *int64 { return &s.roles }),
		"users":    add(func(s *serviceLoad) *int64 { return &s.users }),
		"levels":   add(func(s *serviceLoad) *int64 { return &s.levels }),
		"channels": ofService(func(t *rapid.T, s *serviceLoad) int {
			c := drawnChannel(t, s.users)
			s.channels = append(s.channels, c)
			return len(c.members)
		}),
		"messages": ofChannel(func(t *rapid.T, _ *serviceLoad, c *channelLoad) int {
			c.messages += n.Draw(t, "more")
			return 0
		}),
		"horizons": ofChannel(func(t *rapid.T, _ *serviceLoad, c *channelLoad) int {
			c.horizons = min(c.horizons+n.Draw(t, "more"), int64(len(c.members)))
			return 0
		}),
		"members": ofChannel(func(t *rapid.T, s *serviceLoad, c *channelLoad) int {
			if id := rapid.Int32Range(0, int32(s.users)+5).Draw(t, "member"); !slices.Contains(c.members, id) {
				c.members = append(slices.Clone(c.members), id)
			}
			return 1
		}),
	} {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				loads, aps, lanes := drawn(t), drawAPS.Draw(t, "aps"), drawLanes.Draw(t, "lanes")
				larger, rid := grow(t, cloned(loads))
				before, after := estimate(loads, paced(aps, 0, lanes)), estimate(larger, paced(aps, 0, lanes))
				require.GreaterOrEqual(t, after.Gate, before.Gate)
				require.GreaterOrEqual(t, after.LongestLane, before.LongestLane)
				require.GreaterOrEqual(t, after.Concurrency, before.Concurrency)
				require.GreaterOrEqual(t, writes(larger), writes(loads))
				require.GreaterOrEqual(t, targetReads(larger), targetReads(loads))
				was := line(loads)
				is := slices.DeleteFunc(line(larger), func(p place) bool { return !slices.Contains(was, p) })
				if slices.Equal(was, is) {
					require.GreaterOrEqual(t, after.Seconds+float64(rid)/aps+slack, before.Seconds)
				}
			})
		})
	}
}
