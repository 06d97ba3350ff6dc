package migrate

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestSettledAt(t *testing.T) {
	const settle = 10 * time.Second
	now := time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	for name, c := range map[string]struct {
		last RunRecord
		wait time.Duration
	}{
		"no run":                          {RunRecord{}, settle},
		"complete a moment ago":           {RunRecord{Status: Complete, EndedAt: now}, 0},
		"complete in the future":          {RunRecord{Status: Complete, EndedAt: ago(-time.Hour)}, 0},
		"partial 3 s ago":                 {RunRecord{Status: Partial, HeartbeatAt: ago(3 * time.Second), EndedAt: ago(3 * time.Second)}, 7 * time.Second},
		"interrupted 3 s ago":             {RunRecord{Status: InterruptedStatus, HeartbeatAt: ago(3 * time.Second), EndedAt: ago(3 * time.Second)}, 7 * time.Second},
		"failed a moment ago":             {RunRecord{Status: FailedStatus, EndedAt: now}, settle},
		"failed long ago":                 {RunRecord{Status: FailedStatus, EndedAt: ago(time.Hour)}, 0},
		"failed just as long ago":         {RunRecord{Status: FailedStatus, EndedAt: ago(settle)}, 0},
		"of a status nobody knows":        {RunRecord{Status: "odd", EndedAt: ago(3 * time.Second)}, 7 * time.Second},
		"killed after a beat 3 s ago":     {RunRecord{Status: RunningStatus, HeartbeatAt: ago(3 * time.Second)}, 8 * time.Second},
		"killed a moment ago":             {RunRecord{Status: RunningStatus, HeartbeatAt: now}, settle},
		"killed long ago":                 {RunRecord{Status: RunningStatus, HeartbeatAt: ago(100 * time.Hour)}, 0},
		"killed before its first beat":    {RunRecord{Status: RunningStatus}, settle},
		"killed, and the clock set back":  {RunRecord{Status: RunningStatus, HeartbeatAt: ago(-100 * time.Hour)}, settle},
		"stopped, and the clock set back": {RunRecord{Status: InterruptedStatus, EndedAt: ago(-100 * time.Hour)}, settle},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.wait, SettledAt(c.last, now, settle).Sub(now))
		})
	}
}
