package drain

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
)

// held is a ledger under a lease.
type held struct {
	migrate.Leased
	last   migrate.RunRecord
	before migrate.Handover
}

func (h held) LastRun(context.Context) (migrate.RunRecord, bool, error) { return h.last, true, nil }
func (h held) Lease() migrate.Lease                                     { return holder{before: h.before} }

type holder struct {
	migrate.Lease
	before migrate.Handover
}

func (h holder) Before() migrate.Handover { return h.before }

// TestLastRunElsewhere is about a run whose clock says anything.
func TestLastRunElsewhere(t *testing.T) {
	now := time.Now()
	far := migrate.RunRecord{Status: migrate.RunningStatus, HeartbeatAt: now.Add(-time.Hour)}
	over := now.Add(-3 * time.Second)
	for name, c := range map[string]struct {
		held held
		wait time.Duration
	}{
		"killed, its clock an hour behind":          {held{last: far, before: migrate.Handover{At: over, Expired: true}}, 7 * time.Second},
		"stopped, its clock an hour behind":         {held{last: migrate.RunRecord{Status: migrate.InterruptedStatus, EndedAt: now.Add(-time.Hour)}, before: migrate.Handover{At: over}}, 7 * time.Second},
		"complete, and killed before it said so":    {held{last: migrate.RunRecord{Status: migrate.Complete, EndedAt: now}, before: migrate.Handover{At: over, Expired: true}}, 7 * time.Second},
		"complete, and the lease was given back":    {held{last: migrate.RunRecord{Status: migrate.Complete, EndedAt: now}, before: migrate.Handover{At: now}}, 0},
		"the first that takes the lease":            {held{last: migrate.RunRecord{Status: migrate.FailedStatus, EndedAt: over}}, 7 * time.Second},
		"killed, its clock far ahead, and long ago": {held{last: migrate.RunRecord{Status: migrate.RunningStatus, HeartbeatAt: now.Add(time.Hour)}, before: migrate.Handover{At: now.Add(-time.Hour), Expired: true}}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			last, ok, err := LastRun(t.Context(), c.held)
			require.NoError(t, err)
			require.True(t, ok)
			require.Equal(t, c.wait, SettledAt(last, now, 10*time.Second).Sub(now))
		})
	}
}

// TestUnansweredElsewhere is about what a run noted of its unanswered writes, by its own
// clock: it holds only if that run gave its lease back.
func TestUnansweredElsewhere(t *testing.T) {
	now := time.Now()
	far := now.Add(time.Hour)
	noted := migrate.RunRecord{Status: migrate.InterruptedStatus, EndedAt: far, Unanswered: far.Add(-4 * time.Second)}
	for name, c := range map[string]struct {
		expired bool
		wait    time.Duration
	}{"given back": {false, 4 * time.Second}, "expired": {true, 8 * time.Second}} {
		t.Run(name, func(t *testing.T) {
			last, _, err := LastRun(t.Context(), held{last: noted, before: migrate.Handover{At: now.Add(-2 * time.Second), Expired: c.expired}})
			require.NoError(t, err)
			require.Equal(t, c.wait, AnsweredAt(last, now, 10*time.Second).Sub(now))
		})
	}
}
