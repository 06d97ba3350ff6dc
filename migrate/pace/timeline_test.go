package pace

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
)

func TestTimeline(t *testing.T) {
	sampled := func(n int) *Timeline {
		var line Timeline
		for i := 1; i <= n; i++ {
			line.Sample(Point{Seconds: float64(i), Written: int64(10 * i)})
		}
		return &line
	}
	last := Point{Seconds: 1e6, Written: 1e7}

	t.Run("a run that was never sampled has its last point", func(t *testing.T) {
		require.Equal(t, []Point{last}, sampled(0).Until(last))
	})
	t.Run("a short run has every point", func(t *testing.T) {
		points := sampled(pointsKept).Until(last)
		require.Len(t, points, pointsKept+1)
		require.Equal(t, Point{Seconds: 1, Written: 10}, points[0])
		require.Equal(t, last, points[pointsKept])
	})
	t.Run("a long run has few points, at equal distances", func(t *testing.T) {
		for _, n := range []int{pointsKept + 1, pointsKept + 2, 1000, 86400} {
			points := sampled(n).Until(last)
			points = points[:len(points)-1]
			require.LessOrEqual(t, len(points), pointsKept)
			require.GreaterOrEqual(t, len(points), pointsKept/2, "%d samples", n)
			distance := points[0].Seconds
			for i, p := range points {
				require.InDelta(t, distance*float64(i+1), p.Seconds, 0, "%d samples", n)
				require.EqualValues(t, 10*p.Seconds, p.Written)
			}
			require.Less(t, float64(n)-points[len(points)-1].Seconds, distance, "the end is not forgotten")
		}
	})
	t.Run("what was handed out does not change", func(t *testing.T) {
		line := sampled(10)
		before := line.Until(last)
		for i := 11; i < 1000; i++ {
			line.Sample(Point{Seconds: float64(i)})
		}
		require.Equal(t, Point{Seconds: 1, Written: 10}, before[0])
		require.Equal(t, last, before[10])
	})
}

// held is how many lanes are in memory after n: when there are more than twice as
// many as are named, the others go.
func held(n int) int {
	if n <= 2*lanesKept {
		return n
	}
	return lanesKept + (n-2*lanesKept-1)%(lanesKept+1)
}

func TestTimesheet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sheet := NewLanes()
		for i := range 100 {
			w := sheet.Begin()
			time.Sleep(time.Second)
			w.Reached(migrate.Open)
			time.Sleep(time.Duration(i) * time.Second)
			w.Reached(migrate.Copied)
			var err error
			if i == 7 {
				time.Sleep(time.Minute)
				err = errors.New("refused")
			}
			w.End(migrate.ChannelRecord{SourceSID: string(rune('A' + i)), Messages: int64(i)}, err)
			require.Len(t, sheet.longest, held(i+1))
		}
		times := sheet.Times()
		require.Equal(t, times, sheet.Times(), "it may be asked again")
		require.Equal(t, []StageTime{{"open", 100}, {"copied", 99 * 100 / 2}, {"done", 0}, {"stopped", 60}}, times.Stages)
		require.Len(t, times.Longest, lanesKept)
		require.Equal(t, LaneTime{SourceSID: string(rune('A' + 99)), Messages: 99, Seconds: 100}, times.Longest[0])
		require.Contains(t, times.Longest, LaneTime{SourceSID: string(rune('A' + 90)), Messages: 90, Seconds: 91})
	})
}
