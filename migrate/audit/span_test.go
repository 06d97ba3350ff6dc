package audit_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/audit"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/replay"
	"chatbridge/migrate/transport"
)

// spans are the workspaces that an estimate is held to.
var spans = []struct{ name, spec string }{
	{"one channel", "channels=1,messages=1000,users=20,seed=1"},
	{"small channels", "channels=150,messages=900,users=50,seed=2"},
	{"skewed", "channels=30,messages=2500,users=150,longest=500,seed=3"},
	{"even", "channels=40,messages=2400,longest=60,users=30,seed=4"},
	{"people", "channels=10,messages=200,users=1000,seed=5"},
	{"services", "channels=24,messages=1500,users=60,services=3,seed=6"},
}

// estimated audits and then migrates a workspace under the documented limits, on a
// virtual clock.
func estimated(t *testing.T, spec string, latency time.Duration) (audit.Estimate, replay.Summary) {
	g, err := emulator.ParseGenerate(spec)
	require.NoError(t, err)
	time.Sleep(time.Until(time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC))) // what is migrated is older than the migration
	r := rig.NewRig(t, emulator.Config{Generate: g, APS: migrate.DefaultAPS, Latency: latency})
	// What chatbridge migrate has without a flag.
	r.Settings.Concurrency, r.Settings.InFlight, r.Settings.APS = 64, 50, migrate.DefaultAPS
	r.InFlight = transport.InFlight{Start: 24, Most: 50, Share: true}
	r.Aps = migrate.DefaultAPS
	a := r.Audit(t, nil)
	s, err := r.Migrate(t.Context())
	require.NoError(t, err)
	require.Equal(t, migrate.Complete, s.Status)
	require.InEpsilon(t, a.Requests.Writes, s.Requests.Writes, 0.05)
	return a.Estimate, s
}

// TestEstimateOfLatency holds the estimate of an audit to what a migration takes, and
// prints both.
func TestEstimateOfLatency(t *testing.T) {
	for _, w := range spans {
		for _, latency := range []time.Duration{10 * time.Millisecond, 100 * time.Millisecond, 250 * time.Millisecond} {
			t.Run(fmt.Sprintf("%s at %s", w.name, latency), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					e, s := estimated(t, w.spec, latency)
					ratio := e.Seconds / s.Duration
					t.Logf("estimate %6.1f s, bound by %s; took %6.1f s: %.3f; requests %d of %d, throttled %d", e.Seconds, e.BoundBy, s.Duration, ratio, e.Requests, s.Requests.Reads+s.Requests.Writes, s.Requests.Throttled)
					require.InDelta(t, latency.Seconds(), e.LatencySeconds, 1e-9)
					require.Equal(t, audit.LatencyMeasured, e.LatencyFrom)
					require.InDelta(t, 1, ratio, 0.1)
				})
			})
		}
	}
}
