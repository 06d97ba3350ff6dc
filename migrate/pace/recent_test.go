package pace

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRecent(t *testing.T) {
	at := func(second int64) Recent {
		return Recent{Seconds: float64(second), Done: 10 * second, Requests: 20 * second, Throttled: second}
	}
	t.Run("is all of a run that has not been sampled yet", func(t *testing.T) {
		require.Equal(t, at(3), (&Window{}).Until(at(3)))
	})
	t.Run("is the last minute of a long run, and no more is kept", func(t *testing.T) {
		var r Window
		for s := range int64(1000) {
			r.Sample(at(s))
		}
		require.Equal(t, Recent{Seconds: 60, Done: 600, Requests: 1200, Throttled: 60}, r.Until(at(999)))
		require.Len(t, r.samples, rateSamples)
	})
	t.Run("sees that a run came to a halt", func(t *testing.T) {
		var r Window
		r.Sample(at(10))
		still := at(10)
		for s := range 60 {
			still.Seconds = float64(11 + s)
			r.Sample(still)
		}
		got := r.Until(still)
		require.Equal(t, got, r.Until(still), "it may be asked again")
		require.InDelta(t, 60, got.Seconds, 0.001)
		require.Zero(t, got.Done)
	})
}
