package replay_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
)

// TestClock sets the clock between two runs. A run that resumes after a kill
// waits for what may still be in flight, as long as the last heartbeat tells.
// Each looks twice, a settle time of 10 s apart, before it writes on.
func TestClock(t *testing.T) {
	for name, c := range map[string]struct {
		ago, least, most time.Duration
	}{
		"set back for a hundred hours: it waits the settle time, and no longer": {-100 * time.Hour, 19 * time.Second, 21 * time.Second},
		"as it was: it waits what is left of the settle time":                   {4 * time.Second, 15 * time.Second, 18 * time.Second},
		"set forward for a hundred hours: it does not wait":                     {100 * time.Hour, 9 * time.Second, 11 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := rig.NewRig(t, emulator.Config{Archive: rig.WholeScenario().Archive()})
				r.Killed(t, rig.Kill{Write: 12, After: true})
				r.KilledAgo(t, c.ago)
				began := time.Now()
				s, err := r.Migrate(t.Context())
				require.NoError(t, err)
				require.Equal(t, migrate.Complete, s.Status)
				took := time.Since(began)
				require.GreaterOrEqual(t, took, c.least)
				require.LessOrEqual(t, took, c.most)
				_, differences := r.Verify(t.Context())
				require.Empty(t, differences)
			})
		})
	}
}
