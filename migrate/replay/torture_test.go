package replay_test

import (
	"flag"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/emulator/faults"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/transport"
)

var (
	seeds = flag.Int("seeds", 50, "how many scenarios the torture test draws")
	seed  = flag.Int("seed", -1, "run only the scenario of this seed")
)

// TestTorture draws workspaces, faults, kills and restarts from seeds. However
// a scenario goes, in the end the target must equal the mapped source.
func TestTorture(t *testing.T) {
	first, last := 0, *seeds
	if *seed >= 0 {
		first, last = *seed, *seed+1
	}
	generator := rig.Scenarios()
	total := &struck{faults: map[faults.Kind]int64{}}
	for n := first; n < last; n++ {
		ok := t.Run("", func(t *testing.T) {
			s := generator.Example(n)
			synctest.Test(t, func(t *testing.T) { torture(t, s, total) })
		})
		if !ok {
			t.Errorf("seed %d failed; repeat it with: go test ./migrate/replay -run TestTorture -seed %d -v", n, n)
		}
	}
	t.Logf("seeds %d to %d: %d kills, faults: %v", first, last-1, total.kills, total.faults)
	if *seed < 0 && *seeds >= 50 {
		require.NotZero(t, total.kills)
		require.Greater(t, len(total.faults), len(faults.Kinds())/2)
	}
}

// struck counts what happened over all scenarios, so that a test that injects
// nothing is noticed.
type struck struct {
	mu     sync.Mutex
	faults map[faults.Kind]int64
	kills  int
}

func (s *struck) add(f map[faults.Kind]int64, kills int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k, n := range f {
		s.faults[k] += n
	}
	s.kills += kills
}

func torture(t *testing.T, s rig.Scenario, total *struck) {
	plan, err := faults.Parse(fmt.Sprintf("seed=%d,rate=%g", s.FaultSeed, s.Rate))
	require.NoError(t, err)
	r := rig.NewRig(t, emulator.Config{
		Archive: s.Archive(), Seed: s.FaultSeed, Intercept: plan.Intercept, Unkind: emulator.Unkind{IndexGaps: 0.3},
	})
	r.Settings.Concurrency, r.Settings.Settle = s.Concurrency, s.Settle
	r.Patience.Jitter = transport.Seeded(s.FaultSeed)
	kills := 0
	for i, k := range s.Kills {
		plan.NewClient()
		if r.Killed(t, k) {
			kills++
			if s.LoseLedger[i] {
				r.Ledger = filepath.Join(t.TempDir(), "new.db")
			}
		}
	}
	sum := r.UntilDone(t)
	require.Equal(t, migrate.Complete, sum.Status, "%+v", sum.Failures)
	plan.Close()
	total.add(plan.Counts(), kills)
	v, differences := r.Verify(t.Context())
	require.Empty(t, differences)
	require.True(t, v.Equal)
	stats := r.Emulator.Stats()
	require.Zero(t, stats.Pushes)
	require.Zero(t, stats.Webhooks)
	require.Zero(t, stats.RefusedSourceWrites)
	again, err := r.Migrate(t.Context())
	require.NoError(t, err)
	// Twice as many if the run before could not let go of its claim for the faults.
	require.LessOrEqual(t, again.Requests.Writes, int64(2*rig.ClaimWrites))
	for kind, c := range again.Counts {
		require.Zero(t, c.Written, kind)
	}
}
