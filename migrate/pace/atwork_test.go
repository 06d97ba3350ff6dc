package pace

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
)

func TestLeft(t *testing.T) {
	left := func(t *testing.T, l *Lanes, aps float64, atOnce int, lately Recent) float64 {
		t.Helper()
		seconds, known := l.Left(aps, atOnce, lately)
		require.True(t, known)
		return seconds
	}
	lanes := func(lengths ...int64) *Lanes {
		l := NewLanes()
		l.Plan(lengths)
		return l
	}
	t.Run("is as long as the longest channel, however fast the others are", func(t *testing.T) {
		l := lanes(480, 10, 10)
		w := l.Begin()
		w.Of("CH1", "long", 480, "IS1", true)
		w.Came(4)
		require.InDelta(t, 476.0/30, left(t, l, 30, 16, Recent{}), 0.001)
	})
	t.Run("counts channels that have not begun", func(t *testing.T) {
		require.InDelta(t, 10.0, left(t, lanes(300, 1), 30, 16, Recent{}), 0.001)
	})
	t.Run("is as long as all channels take, if only a few run at once", func(t *testing.T) {
		require.InDelta(t, 40.0, left(t, lanes(300, 300, 300, 300), 30, 1, Recent{}), 0.001)
	})
	t.Run("is as long as what shares the limit of one service takes", func(t *testing.T) {
		l := lanes(30)
		l.Gate("IS1", 3000)
		l.Gate("IS2", 2000)
		require.InDelta(t, 100.0, left(t, l, 30, 16, Recent{}), 0.001)
		l.Gate("IS1", -2999)
		require.InDelta(t, 2000.0/30, left(t, l, 30, 16, Recent{}), 0.001)
	})
	t.Run("takes channels for as slow as they were in the last minute, and for no faster than the limit", func(t *testing.T) {
		require.InDelta(t, 60.0, left(t, lanes(300), 30, 16, Recent{LaneSteps: 50, LaneSeconds: 10}), 0.001)
		require.InDelta(t, 10.0, left(t, lanes(300), 30, 16, Recent{LaneSteps: 5000, LaneSeconds: 10}), 0.001)
		require.InDelta(t, 0.6, left(t, lanes(300), 0, 16, Recent{LaneSteps: 5000, LaneSeconds: 10}), 0.001)
	})
	t.Run("is unknown without a limit as long as no channel got on", func(t *testing.T) {
		_, known := lanes(300).Left(0, 16, Recent{})
		require.False(t, known)
	})
}

func TestAtWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLanes()
		l.Plan([]int64{9, 5, 3})
		var all []*Stopwatch
		for i, n := range []int64{9, 5, 3} {
			w := l.Begin()
			w.Of(string(rune('A'+i)), "", n, "IS1", true)
			all = append(all, w)
		}
		all[0].Came(7) // there before
		time.Sleep(time.Second)
		all[0].Came(8)
		require.Equal(t, []AtWork{{SourceSID: "B", Total: 5}, {SourceSID: "C", Total: 3}, {SourceSID: "A", Done: 8, Total: 9}}, l.AtWork())
		steps, seconds := l.Steps()
		require.EqualValues(t, 1, steps)
		require.InDelta(t, 1.0, seconds, 0.001)

		time.Sleep(time.Minute) // the next step does not come
		_, seconds = l.Steps()
		require.InDelta(t, 61.0, seconds, 0.001)

		left, _ := l.Left(1, 16, Recent{})
		require.InDelta(t, 5.0, left, 0.001, "the longest")
		all[1].Reached(migrate.Open)
		all[1].End(migrate.ChannelRecord{}, nil)
		left, _ = l.Left(1, 16, Recent{})
		require.InDelta(t, 3.0, left, 0.001)
		require.Len(t, l.AtWork(), 2)
		for _, w := range all {
			w.End(migrate.ChannelRecord{}, nil)
		}
		left, _ = l.Left(1, 16, Recent{})
		require.Zero(t, left, "no conversation is left to be opened either")
	})
}
