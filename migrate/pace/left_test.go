package pace

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
)

// begun is a lane of so many steps, of a service whose gate it has to pass or not.
func begun(l *Lanes, sid string, length int64, planned bool) *Stopwatch {
	w := l.Begin()
	w.Of(sid, "", length, "IS1", planned)
	return w
}

func TestLeftByWhatWasMeasured(t *testing.T) {
	for name, c := range map[string]struct {
		aps     float64
		lately  Recent
		want    float64
		unknown bool
	}{
		"no step in some time":      {aps: 30, lately: Recent{LaneSeconds: 10}, want: 10},
		"steps in no time":          {lately: Recent{LaneSteps: 5}, unknown: true},
		"one step":                  {aps: 30, lately: Recent{LaneSteps: 1, LaneSeconds: 10}, want: 3000},
		"one step in half a second": {aps: 30, lately: Recent{LaneSteps: 1, LaneSeconds: 0.5}, want: 150},
	} {
		l := NewLanes()
		l.Plan([]int64{300})
		got, known := l.Left(c.aps, 16, c.lately)
		require.Equal(t, !c.unknown, known, name)
		require.InDelta(t, c.want, got, 0.001, name)
	}
	l := NewLanes()
	l.Gate("IS1", 100)
	got, known := l.Left(0, 16, Recent{LaneSteps: 10, LaneSeconds: 1})
	require.True(t, known)
	require.Zero(t, got, "without a limit nothing waits at a gate")
}

func TestLeftOfLanes(t *testing.T) {
	left := func(l *Lanes, atOnce int) float64 {
		seconds, _ := l.Left(1, atOnce, Recent{})
		return seconds
	}
	l := NewLanes()
	l.Plan([]int64{1, 300})
	begun(l, "CH1", 1, false)
	require.InDelta(t, 300.0, left(l, 16), 0.001, "the last of the plan")

	l = NewLanes() // without a plan
	begun(l, "CH1", 5, false).Came(5)
	require.Zero(t, left(l, 1), "nothing")
	begun(l, "CH2", 5, false).Came(7)
	begun(l, "CH3", 10, false)
	begun(l, "CH4", 10, false)
	require.InDelta(t, 20.0, left(l, 1), 0.001, "what went beyond its count makes up for none")
}

// Each lane that is planned waits for the gate of its service once, until it has its
// conversation or ends.
func TestLeftAtTheGate(t *testing.T) {
	l := NewLanes()
	left := func() float64 {
		seconds, _ := l.Left(1, 100, Recent{})
		return seconds
	}
	var all []*Stopwatch
	for range 6 {
		all = append(all, begun(l, "CH1", 0, true))
	}
	begun(l, "CH2", 0, false)
	require.InDelta(t, 6.0, left(), 0.001)
	all[0].Reached(migrate.Planned)
	require.InDelta(t, 6.0, left(), 0.001)
	for range 2 {
		all[0].Reached(migrate.Open)
		require.InDelta(t, 5.0, left(), 0.001)
	}
	all[0].End(migrate.ChannelRecord{}, nil)
	require.InDelta(t, 5.0, left(), 0.001)
	l.mu.Lock()
	l.over(all[1])
	l.mu.Unlock()
	require.InDelta(t, 4.0, left(), 0.001)
}

// What a lane finds is no step, nor is what it has not begun, and a lane that is done
// takes no time.
func TestStepsOfLanes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLanes()
		w := begun(l, "CH1", 5, false)
		begun(l, "CH2", 5, false)
		came := func(done int64) (int64, float64) {
			time.Sleep(time.Second)
			w.Came(done)
			return l.Steps()
		}
		for _, c := range []struct {
			done, steps int64
			seconds     float64
		}{{1, 0, 0}, {3, 0, 0}, {4, 1, 1}, {5, 2, 2}} {
			steps, seconds := came(c.done)
			require.Equal(t, c.steps, steps, "%d", c.done)
			require.InDelta(t, c.seconds, seconds, 0.001, "%d", c.done)
		}
		time.Sleep(time.Minute)
		_, seconds := l.Steps()
		require.InDelta(t, 2.0, seconds, 0.001)
	})
}

func TestAtWorkIsShort(t *testing.T) {
	l := NewLanes()
	for i := range 12 {
		begun(l, string(rune('A'+i)), int64(i), false)
	}
	shown := l.AtWork()
	require.Len(t, shown, 10)
	require.Equal(t, "L", shown[0].SourceSID)
}
