package bench_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/bench"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/transport"
)

// today is later than anything that the emulator invents. A clock of synctest
// begins at 2000.
var today = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// admitted is a limit of requests in flight that an account may have: Twilio
// documents no figure.
const admitted = 30

// documented are the limits that Twilio documents, and inFlight requests at once.
func documented(latency time.Duration, inFlight int) bench.Limits {
	return bench.Limits{APS: emulator.DefaultAPS, Latency: latency, InFlight: inFlight}
}

// world is a workspace under limits. It is to be made in a bubble.
func world(t *testing.T, w bench.Workspace, l bench.Limits) *rig.Rig {
	t.Helper()
	time.Sleep(time.Until(today))
	r := rig.NewRig(t, emulator.Config{Generate: w.Generate, APS: l.APS, Latency: l.Latency, Concurrency: l.InFlight})
	// What chatbridge migrate has with --full-speed.
	r.Settings.Concurrency, r.InFlight, r.Aps = 256, transport.InFlight{Start: 24, Most: 512}, migrate.DefaultAPS
	r.Settings.APS = r.Aps
	return r
}

// pass migrates, and requires that everything arrived.
func pass(t *testing.T, r *rig.Rig) (run bench.Run, took time.Duration) {
	t.Helper()
	seen, began := bench.NewRecorder(), time.Now()
	r.Around = seen.Around
	s, err := r.Migrate(t.Context())
	require.NoError(t, err)
	require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
	return seen.Run(), time.Since(began)
}

// spanOf is what a first migration takes.
func spanOf(t *testing.T, w bench.Workspace, l bench.Limits) (run bench.Run) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { run, _ = pass(t, world(t, w, l)) })
	return run
}

// A schedule that gets slower fails here. The figures of small workspaces are worse
// than those of the table, since a start and an end weigh more in them.
func TestSpanIsNearTheBound(t *testing.T) {
	for _, c := range []struct {
		bench.Workspace
		bench.Limits
		most float64 // span ÷ bound
	}{
		{bench.SkewedLittle, documented(10*time.Millisecond, 0), 1.1},
		{bench.SkewedLittle, documented(100*time.Millisecond, 0), 1.2},
		{bench.SkewedLittle, documented(100*time.Millisecond, admitted), 1.4},
		{bench.EqualLittle, documented(10*time.Millisecond, 0), 1},
		{bench.EqualLittle, documented(100*time.Millisecond, 0), 1.7},
	} {
		run := spanOf(t, c.Workspace, c.Limits)
		ratio := run.Span.Seconds() / c.Bound(run.Writes).Seconds()
		t.Logf("%s, %s: %.2f: %s", c.Name, c.Latency, ratio, run)
		require.LessOrEqual(t, ratio, c.most, "%s, %s: %s", c.Name, c.Latency, run)
	}
}
