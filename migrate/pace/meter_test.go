package pace

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestMeter(t *testing.T) {
	meter := func(took ...time.Duration) *Meter {
		m := &Meter{}
		for _, d := range took {
			m.Request("chat.twilio.com", "GET", 200, d)
		}
		return m
	}
	t.Run("knows nothing of a wire that nothing passed", func(t *testing.T) {
		_, known := meter().Latency()
		require.False(t, known)
	})
	for name, c := range map[string]struct {
		took []time.Duration
		want time.Duration
	}{
		"one":                       {[]time.Duration{80 * time.Millisecond}, 80 * time.Millisecond},
		"the one in the middle":     {[]time.Duration{time.Millisecond, 90 * time.Millisecond, time.Hour}, 90 * time.Millisecond},
		"the first half of two":     {[]time.Duration{time.Second, 3 * time.Second}, time.Second},
		"no time":                   {[]time.Duration{0, 0, time.Second}, 0},
		"hardly any":                {[]time.Duration{time.Nanosecond}, time.Nanosecond},
		"more than it has room for": {[]time.Duration{100 * time.Hour}, 100 * time.Hour},
	} {
		t.Run("takes "+name, func(t *testing.T) {
			got, known := meter(c.took...).Latency()
			require.True(t, known)
			require.InDelta(t, c.want.Seconds(), got.Seconds(), 0)
		})
	}
	t.Run("is as long as what is alike takes", func(t *testing.T) {
		for took := time.Millisecond; took < time.Minute; took += took / 7 {
			got, _ := meter(took).Latency()
			require.Equal(t, took, got)
		}
	})
	t.Run("is right to two in a hundred where reads differ", func(t *testing.T) {
		m := &Meter{}
		for i := range 1001 {
			m.Request("h", "GET", 200, 50*time.Millisecond+time.Duration(i)*100*time.Microsecond)
		}
		got, _ := m.Latency()
		require.InEpsilon(t, 0.1, got.Seconds(), 0.02)
	})
	t.Run("counts neither writes nor what was not answered", func(t *testing.T) {
		m := meter(50 * time.Millisecond)
		for range 9 {
			m.Request("h", "POST", 201, time.Second)
			m.Request("h", "GET", 0, time.Second)
			m.Request("h", "GET", 429, time.Millisecond)
			m.Request("h", "GET", 503, time.Second)
		}
		got, _ := m.Latency()
		require.Equal(t, 50*time.Millisecond, got)
	})
}
