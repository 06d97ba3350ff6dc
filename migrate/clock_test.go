package migrate_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/sqlite"
)

// killedAgo makes the ledger say that its last run was killed, and was seen that
// long ago.
func (r *rig) killedAgo(t *testing.T, ago time.Duration) {
	t.Helper()
	l, err := sqlite.Open(t.Context(), r.ledger)
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	now := time.Now()
	require.NoError(t, l.PutRun(t.Context(), migrate.RunRecord{
		ID: "killed", StartedAt: now, HeartbeatAt: now.Add(-ago), Status: migrate.RunningStatus,
	}))
}

// TestClock sets the clock between two runs. A run that resumes after a kill
// waits for what may still be in flight, as long as the last heartbeat tells.
func TestClock(t *testing.T) {
	for name, c := range map[string]struct {
		ago, least, most time.Duration
	}{
		"set back for a hundred hours: it waits the settle time, and no longer": {-100 * time.Hour, 9 * time.Second, 11 * time.Second},
		"as it was: it waits what is left of the settle time":                   {4 * time.Second, 5 * time.Second, 8 * time.Second},
		"set forward for a hundred hours: it does not wait":                     {100 * time.Hour, 0, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, emulator.Config{Archive: wholeScenario().archive()})
				r.killed(t, kill{Write: 12, After: true})
				r.killedAgo(t, c.ago)
				began := time.Now()
				s, err := r.migrate(t.Context())
				require.NoError(t, err)
				require.Equal(t, migrate.Complete, s.Status)
				took := time.Since(began)
				require.GreaterOrEqual(t, took, c.least)
				require.LessOrEqual(t, took, c.most)
				_, differences := r.verify(t.Context())
				require.Empty(t, differences)
			})
		})
	}
}
