package pace

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
)

// Channels of a few messages take longer to open and to check than to write: what those
// that ended took besides their steps is expected of the others.
func TestLeftOfShortLanes(t *testing.T) {
	const (
		lanes, atOnce, steps = 40, 4, 3
		opens, step, checks  = 400 * time.Millisecond, 100 * time.Millisecond, 500 * time.Millisecond
		took                 = opens + steps*step + checks
	)
	synctest.Test(t, func(t *testing.T) {
		l := NewLanes()
		l.Plan(make([]int64, lanes))
		for i := range l.queue {
			l.queue[i] = steps
			l.queued += steps
		}
		var line Window
		start := time.Now()
		for round := range lanes / atOnce {
			var all []*Stopwatch
			for range atOnce {
				all = append(all, begun(l, "CH1", steps, false))
			}
			time.Sleep(opens)
			for done := range int64(steps + 1) {
				for _, w := range all {
					w.Came(done)
				}
				if done < steps {
					time.Sleep(step)
				}
			}
			time.Sleep(checks)
			for _, w := range all {
				w.End(migrate.ChannelRecord{}, nil)
			}
			n, seconds := l.Steps()
			left, known := l.Left(30, atOnce, line.Until(Recent{Seconds: time.Since(start).Seconds(), LaneSteps: n, LaneSeconds: seconds}))
			require.True(t, known)
			require.InDelta(t, (took * time.Duration(lanes/atOnce-round-1)).Seconds(), left, 0.001, "after round %d", round)
		}
	})
}

// What a lane in vain took, and one that found nothing out about itself, tells nothing.
func TestLeftDoesNotLearnFromLanesThatStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLanes()
		l.Plan([]int64{3, 3, 30})
		stopped, silent := begun(l, "CH1", 3, false), begun(l, "CH2", 3, false)
		stopped.Came(0)
		time.Sleep(time.Hour)
		stopped.End(migrate.ChannelRecord{}, migrate.ErrDrained)
		silent.End(migrate.ChannelRecord{}, nil)
		left, _ := l.Left(30, 4, Recent{})
		require.InDelta(t, 1, left, 0.001)
	})
}
