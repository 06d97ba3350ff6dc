package pace

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
)

// What a lane has left is what ranks its requests.
func TestLeftOfOneLane(t *testing.T) {
	w := begun(NewLanes(), "CH1", 5, false)
	require.EqualValues(t, 5, w.Left())
	w.Came(2)
	require.EqualValues(t, 3, w.Left())
	w.Came(7)
	require.Zero(t, w.Left(), "it found more than it was told of")
}

// The longest lane takes its steps and what lanes take besides, of which one at work has
// half behind it.
func TestLeftOfTheLongestLane(t *testing.T) {
	for name, c := range map[string]struct {
		plan  []int64
		begun int
		want  float64
	}{
		"not begun":                     {[]int64{300, 1}, 0, 302},
		"the last that has not begun":   {[]int64{1, 300}, 1, 302},
		"at work":                       {[]int64{300, 1}, 2, 301},
		"at work, while another is not": {[]int64{300, 1}, 1, 302},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := NewLanes()
				first := begun(l, "CH0", 1, false)
				first.Came(0)
				time.Sleep(time.Second)
				first.Came(1)
				time.Sleep(2 * time.Second)
				first.End(migrate.ChannelRecord{}, nil)
				l.Plan(c.plan)
				for _, n := range c.plan[:c.begun] {
					begun(l, "CH1", n, false)
				}
				left, known := l.Left(1, 16, Recent{})
				require.True(t, known)
				require.InDelta(t, c.want, left, 0.001)
			})
		})
	}
}

// An answer with another status is not what a read takes.
func TestMeterOfStatuses(t *testing.T) {
	m := &Meter{}
	for status, took := range map[int]time.Duration{199: time.Hour, 200: time.Second, 299: time.Second, 300: time.Hour} {
		m.Request("h", "GET", status, took)
	}
	for range 2 {
		got, known := m.Latency()
		require.True(t, known)
		require.Equal(t, time.Second, got)
	}
	require.EqualValues(t, 2, m.all)
}
