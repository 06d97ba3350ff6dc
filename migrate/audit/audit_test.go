package audit_test

import (
	"fmt"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/audit"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
)

// TestEstimate holds the estimate of an audit to a migration under the
// documented limits, on a virtual clock.
func TestEstimate(t *testing.T) {
	for _, spec := range []string{
		"channels=1,messages=3000,users=20,seed=1",
		"channels=200,messages=2000,users=50,seed=2",
		"channels=40,messages=8000,users=400,longest=1500,seed=3",
		"channels=60,messages=9000,users=30,seed=4",
		"channels=20,messages=600,users=3000,seed=5",
		"channels=30,messages=3000,users=60,services=3,seed=6",
	} {
		t.Run(spec, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g, err := emulator.ParseGenerate(spec)
				require.NoError(t, err)
				r := rig.NewRig(t, emulator.Config{Generate: g, APS: migrate.DefaultAPS})
				r.Settings.Concurrency, r.Settings.APS = 16, migrate.DefaultAPS
				r.Settings.Settle = time.Millisecond // a constant, which the estimate leaves out
				r.Aps = migrate.DefaultAPS
				a := r.Audit(t, nil)
				s, err := r.Migrate(t.Context())
				require.NoError(t, err)
				require.Equal(t, migrate.Complete, s.Status)
				off := s.Duration/a.Estimate.Seconds - 1
				t.Logf("estimated %.1f s (bound by %s), took %.1f s: %+.1f%%; throttled %d", a.Estimate.Seconds, a.Estimate.BoundBy, s.Duration, 100*off, s.Requests.Throttled)
				require.Less(t, math.Abs(off), 0.10)
				require.InEpsilon(t, a.Requests.Writes, s.Requests.Writes, 0.02)
			})
		})
	}
}

func TestAudit(t *testing.T) {
	t.Run("sends nothing but GET", func(t *testing.T) {
		r := rig.NewRig(t, emulator.Config{Archive: rig.Workspace(t, "edge-cases")})
		r.Audit(t, nil)
		require.Zero(t, r.Emulator.Stats().Chat.Writes)
		require.Zero(t, r.Emulator.Stats().Conversations.Writes+r.Emulator.Stats().Conversations.Reads)
	})

	t.Run("says for each channel which way it needs, and why", func(t *testing.T) {
		s := rig.ManyChannels(3)
		s.Channels[1].Public = true
		r := rig.NewRig(t, emulator.Config{Archive: s.Archive()})
		ways := map[string]audit.Route{}
		got := r.Audit(t, func(row audit.ChannelRow) {
			require.NotEmpty(t, row.Reason)
			ways[row.SID] = row.Route
		})
		require.Equal(t, map[string]audit.Route{rig.SidOf("CH", 0): audit.Visible, rig.SidOf("CH", 1): audit.Promote, rig.SidOf("CH", 2): audit.Visible}, ways)
		require.Len(t, got.Plan, 3)
		require.Equal(t, audit.PlanRoute{Route: audit.Visible, Reason: got.Plan[0].Reason, Channels: 2, Messages: 8}, got.Plan[0])
		require.EqualValues(t, 1, got.Plan[1].Writes)
		require.Equal(t, audit.Replay, got.Plan[2].Route)
	})

	t.Run("says that everything is copied where the sides are two accounts", func(t *testing.T) {
		r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(2).Archive()})
		r.Settings.CopyAlways = "the target is another account"
		got := r.Audit(t, nil)
		require.Len(t, got.Plan, 1)
		require.Equal(t, audit.Replay, got.Plan[0].Route)
		require.Equal(t, r.Settings.CopyAlways, got.Plan[0].Reason)
	})
}

func TestLargeChannels(t *testing.T) {
	t.Run("raise the limit of a new service before they need it", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := rig.ChannelPlan{Messages: []rig.MsgPlan{{Body: "hello"}}}
			for u := range 130 {
				c.Members, c.Read = append(c.Members, u), append(c.Read, -1)
			}
			r := rig.NewRig(t, emulator.Config{Archive: rig.Scenario{Users: 130, Channels: []rig.ChannelPlan{c}}.Archive()})
			s, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status, fmt.Sprint(s.Failures))
			require.EqualValues(t, 130, s.Counts[migrate.KindMembers].Written)
			require.Zero(t, r.Emulator.Stats().RefusedSourceWrites)
		})
	})
}
