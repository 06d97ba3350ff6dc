package migrate_test

import (
	"fmt"
	"math"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/emulator/faults"
	"chatbridge/migrate/sqlite"
	"chatbridge/migrate/transport"
	"chatbridge/migrate/twilio"
)

func (r *rig) audit(t *testing.T, rows func(migrate.ChannelRow)) migrate.Audit {
	t.Helper()
	counter := &transport.Counter{}
	a := migrate.Auditor{Source: r.source(counter), Observer: r.events, Settings: r.settings, Traffic: counter.Traffic, Rows: rows}
	got, err := a.Run(t.Context())
	require.NoError(t, err)
	return got
}

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
				r := newRig(t, emulator.Config{Generate: g, APS: migrate.DefaultAPS})
				r.settings.Concurrency, r.settings.APS = 16, migrate.DefaultAPS
				r.aps = migrate.DefaultAPS
				a := r.audit(t, nil)
				s, err := r.migrate(t.Context())
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
		r := newRig(t, emulator.Config{Archive: workspace(t, "edge-cases")})
		r.audit(t, nil)
		require.Zero(t, r.emulator.Stats().Chat.Writes)
		require.Zero(t, r.emulator.Stats().Conversations.Writes+r.emulator.Stats().Conversations.Reads)
	})

	t.Run("says for each channel which way it needs, and why", func(t *testing.T) {
		s := manyChannels(3)
		s.Channels[1].Public = true
		r := newRig(t, emulator.Config{Archive: s.archive()})
		ways := map[string]migrate.Way{}
		got := r.audit(t, func(row migrate.ChannelRow) {
			require.NotEmpty(t, row.Reason)
			ways[row.SID] = row.Way
		})
		require.Equal(t, map[string]migrate.Way{sidOf("CH", 0): migrate.Visible, sidOf("CH", 1): migrate.Promote, sidOf("CH", 2): migrate.Visible}, ways)
		require.Len(t, got.Plan, 3)
		require.Equal(t, migrate.PlanWay{Way: migrate.Visible, Reason: got.Plan[0].Reason, Channels: 2, Messages: 8}, got.Plan[0])
		require.EqualValues(t, 1, got.Plan[1].Writes)
		require.Equal(t, migrate.Replay, got.Plan[2].Way)
	})

	t.Run("says that everything is copied where the sides are two accounts", func(t *testing.T) {
		r := newRig(t, emulator.Config{Archive: manyChannels(2).archive()})
		r.settings.CopyAlways = "the target is another account"
		got := r.audit(t, nil)
		require.Len(t, got.Plan, 1)
		require.Equal(t, migrate.Replay, got.Plan[0].Way)
		require.Equal(t, r.settings.CopyAlways, got.Plan[0].Reason)
	})
}

func TestInPlace(t *testing.T) {
	run := func(t *testing.T, r *rig, execute bool) (migrate.InPlaceResult, error) {
		t.Helper()
		l, err := sqlite.Open(t.Context(), r.ledger)
		require.NoError(t, err)
		defer func() { require.NoError(t, l.Close()) }()
		counter := &transport.Counter{}
		promoter, err := twilio.NewPromoter(twilio.Config{
			BaseURL: "http://127.0.0.1:1", Username: emulator.DefaultAccountSID, Password: emulator.DefaultAuthToken,
			HTTP: r.transport(r.emulator.Chat(), counter),
		})
		require.NoError(t, err)
		p := migrate.InPlace{
			Source: r.source(counter), Target: r.target(counter), Promoter: promoter, Ledger: l,
			Observer: r.events, Settings: r.settings, Execute: execute, Traffic: counter.Traffic,
		}
		return p.Run(t.Context())
	}
	mixed := func() scenario {
		s := manyChannels(9)
		for i := range 5 {
			s.Channels[i].Public = true
		}
		return s
	}

	t.Run("a preview counts and writes nothing", func(t *testing.T) {
		r := newRig(t, emulator.Config{Archive: mixed().archive(), Shared: true})
		got, err := run(t, r, false)
		require.NoError(t, err)
		require.EqualValues(t, 5, got.Promoted)
		require.EqualValues(t, 4, got.Visible)
		require.Zero(t, got.Requests.Writes)
	})

	t.Run("promotes the public channels, one request each, and a second run none", func(t *testing.T) {
		r := newRig(t, emulator.Config{Archive: mixed().archive(), Shared: true})
		got, err := run(t, r, true)
		require.NoError(t, err)
		require.Equal(t, migrate.Complete, got.Status)
		require.EqualValues(t, 5, got.Requests.Writes)
		n := 0
		for _, err := range r.target(&transport.Counter{}).Conversations(t.Context(), scenarioService) {
			require.NoError(t, err)
			n++
		}
		require.Equal(t, 9, n)
		again, err := run(t, r, true)
		require.NoError(t, err)
		require.Zero(t, again.Requests.Writes)
		require.EqualValues(t, 9, again.Before+again.Visible)
	})

	t.Run("arrives also when answers are lost", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			plan, err := faults.Parse("seed=3,after=0.4,before=0.2")
			require.NoError(t, err)
			r := newRig(t, emulator.Config{Archive: mixed().archive(), Shared: true, Intercept: plan.Intercept})
			got, err := run(t, r, true)
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, got.Status)
			plan.Close()
			require.NotEmpty(t, plan.Counts())
			for _, c := range r.emulator.Channels() {
				require.Equal(t, "private", c.Type)
			}
		})
	})

	t.Run("refuses where Conversations does not show the service", func(t *testing.T) {
		r := newRig(t, emulator.Config{Archive: mixed().archive()})
		_, err := run(t, r, true)
		require.Equal(t, migrate.Usage, migrate.KindOf(err))
		require.Zero(t, r.emulator.Stats().Conversations.Writes)
	})
}

func TestLargeChannels(t *testing.T) {
	t.Run("raise the limit of a new service before they need it", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := channelPlan{Messages: []msgPlan{{Body: "hello"}}}
			for u := range 130 {
				c.Members, c.Read = append(c.Members, u), append(c.Read, -1)
			}
			r := newRig(t, emulator.Config{Archive: scenario{Users: 130, Channels: []channelPlan{c}}.archive()})
			s, err := r.migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status, fmt.Sprint(s.Failures))
			require.EqualValues(t, 130, s.Counts[migrate.KindMembers].Written)
			require.Zero(t, r.emulator.Stats().RefusedSourceWrites)
		})
	})
}
