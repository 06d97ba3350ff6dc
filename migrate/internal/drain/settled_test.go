package drain

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
)

func TestSettledAt(t *testing.T) {
	const settle = 10 * time.Second
	now := time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	for name, c := range map[string]struct {
		last migrate.RunRecord
		wait time.Duration
	}{
		"no run":                               {migrate.RunRecord{}, settle},
		"complete a moment ago":                {migrate.RunRecord{Status: migrate.Complete, EndedAt: now}, 0},
		"complete in the future":               {migrate.RunRecord{Status: migrate.Complete, EndedAt: ago(-time.Hour)}, 0},
		"partial 3 s ago":                      {migrate.RunRecord{Status: migrate.Partial, HeartbeatAt: ago(3 * time.Second), EndedAt: ago(3 * time.Second)}, 7 * time.Second},
		"interrupted 3 s ago":                  {migrate.RunRecord{Status: migrate.InterruptedStatus, HeartbeatAt: ago(3 * time.Second), EndedAt: ago(3 * time.Second)}, 7 * time.Second},
		"failed a moment ago":                  {migrate.RunRecord{Status: migrate.FailedStatus, EndedAt: now}, settle},
		"failed 3 s ago, and it waited longer": {migrate.RunRecord{Status: migrate.FailedStatus, EndedAt: ago(3 * time.Second), Settle: 45 * time.Second}, 42 * time.Second},
		"failed just now, and it waited less":  {migrate.RunRecord{Status: migrate.FailedStatus, EndedAt: now, Settle: time.Second}, settle},
		"killed in the future, waiting longer": {migrate.RunRecord{Status: migrate.RunningStatus, HeartbeatAt: ago(-time.Hour), Settle: 45 * time.Second}, 45 * time.Second},
		"complete, though it waited longer":    {migrate.RunRecord{Status: migrate.Complete, EndedAt: now, Settle: 45 * time.Second}, 0},
		"failed long ago":                      {migrate.RunRecord{Status: migrate.FailedStatus, EndedAt: ago(time.Hour)}, 0},
		"failed just as long ago":              {migrate.RunRecord{Status: migrate.FailedStatus, EndedAt: ago(settle)}, 0},
		"of a status nobody knows":             {migrate.RunRecord{Status: "odd", EndedAt: ago(3 * time.Second)}, 7 * time.Second},
		"killed after a beat 3 s ago":          {migrate.RunRecord{Status: migrate.RunningStatus, HeartbeatAt: ago(3 * time.Second)}, 8 * time.Second},
		"killed a moment ago":                  {migrate.RunRecord{Status: migrate.RunningStatus, HeartbeatAt: now}, settle},
		"killed long ago":                      {migrate.RunRecord{Status: migrate.RunningStatus, HeartbeatAt: ago(100 * time.Hour)}, 0},
		"killed before its first beat":         {migrate.RunRecord{Status: migrate.RunningStatus}, settle},
		"killed, and the clock set back":       {migrate.RunRecord{Status: migrate.RunningStatus, HeartbeatAt: ago(-100 * time.Hour)}, settle},
		"stopped, and the clock set back":      {migrate.RunRecord{Status: migrate.InterruptedStatus, EndedAt: ago(-100 * time.Hour)}, settle},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.wait, SettledAt(c.last, now, settle).Sub(now))
		})
	}
}

func TestAnsweredAt(t *testing.T) {
	const settle = 10 * time.Second
	now := time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	stopped := func(unanswered time.Time) migrate.RunRecord {
		return migrate.RunRecord{Status: migrate.InterruptedStatus, HeartbeatAt: ago(time.Second), EndedAt: ago(time.Second), Unanswered: unanswered}
	}
	longer := stopped(ago(3 * time.Second))
	longer.Settle = 45 * time.Second
	for name, c := range map[string]struct {
		last migrate.RunRecord
		wait time.Duration
	}{
		"no run":                                     {migrate.RunRecord{}, settle},
		"stopped, and nobody knows":                  {stopped(time.Time{}), settle - time.Second},
		"stopped, all was answered for a minute":     {stopped(ago(time.Minute)), 0},
		"stopped, all was answered just as long":     {stopped(ago(settle)), 0},
		"stopped, one had no answer 3 s ago":         {stopped(ago(3 * time.Second)), 7 * time.Second},
		"the same, and it waited longer":             {longer, 42 * time.Second},
		"stopped, and the clock was set back":        {stopped(ago(-time.Hour)), settle},
		"partial, one had no answer 3 s ago":         {migrate.RunRecord{Status: migrate.Partial, EndedAt: now, Unanswered: ago(3 * time.Second)}, 7 * time.Second},
		"complete, though one had no answer":         {migrate.RunRecord{Status: migrate.Complete, EndedAt: now, Unanswered: now}, 0},
		"killed, whatever was known before":          {migrate.RunRecord{Status: migrate.RunningStatus, HeartbeatAt: ago(3 * time.Second), Unanswered: ago(time.Hour)}, 8 * time.Second},
		"killed before its first beat, known before": {migrate.RunRecord{Status: migrate.RunningStatus, Unanswered: ago(time.Hour)}, settle},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.wait, AnsweredAt(c.last, now, settle).Sub(now))
		})
	}
}
