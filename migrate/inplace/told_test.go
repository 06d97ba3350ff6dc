package inplace_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/inplace"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/sqlite"
)

// totals is an Observer that adds up.
type totals struct {
	*rig.Events
	expected, done atomic.Int64
}

func (o *totals) Total(_ string, n int64) { o.expected.Store(n) }
func (o *totals) Done(_ string, n int64)  { o.done.Add(n) }

func TestPromotionIsTold(t *testing.T) {
	t.Run("to stop, and says how to go on", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			a := newAccount(t)
			a.drain = make(chan struct{})
			close(a.drain)
			got, err := a.promote(t.Context(), t, &rig.Torn{}, true)
			require.Equal(t, migrate.Interrupted, migrate.KindOf(err))
			require.ErrorIs(t, err, migrate.ErrDrained)
			require.Equal(t, "run the same command again to resume", migrate.HintOf(err))
			require.Equal(t, migrate.InterruptedStatus, got.Status)
			require.Equal(t, 5, a.public())
			a.drain = nil
			a.requireWhole(t, "drained")
		})
	})

	t.Run("to stop at once", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			a := newAccount(t)
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			got, err := a.promote(ctx, t, &rig.Torn{}, true)
			require.Equal(t, migrate.Interrupted, migrate.KindOf(err))
			require.ErrorIs(t, err, context.Canceled)
			require.Equal(t, migrate.InterruptedStatus, got.Status)
			require.Equal(t, 5, a.public())
		})
	})

	t.Run("of a service that the account does not have", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			a := newAccount(t)
			a.Settings.Services = []string{"IS00000000000000000000000000000099"}
			got, err := a.promote(t.Context(), t, &rig.Torn{}, true)
			require.ErrorContains(t, err, "IS00000000000000000000000000000099")
			require.Equal(t, migrate.FailedStatus, got.Status)
			require.Equal(t, 5, a.public())
		})
	})

	t.Run("and counts", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			a := newAccount(t)
			s := mixed()
			s.Channels[7].Public, s.Channels[8].Public = true, true
			a.Rig = rig.NewRig(t, emulator.Config{Archive: s.Archive(), Shared: true, Latency: time.Second})
			o := &totals{Events: a.Events}
			a.told = func(p *inplace.Promotion) { p.Observer = o }
			preview, err := a.promote(t.Context(), t, &rig.Torn{}, false)
			require.NoError(t, err)
			require.Equal(t, []string{rig.SidOf("CH", 0), rig.SidOf("CH", 1), rig.SidOf("CH", 2), rig.SidOf("CH", 3), rig.SidOf("CH", 4)}, preview.Samples)
			require.EqualValues(t, 7, preview.Promoted)
			require.Equal(t, [2]int64{9, 9}, [2]int64{o.expected.Load(), o.done.Load()})
			got, err := a.promote(t.Context(), t, &rig.Torn{}, true)
			require.NoError(t, err)
			require.Empty(t, got.Samples)
			require.Equal(t, migrate.SchemaVersion, got.SchemaVersion)
			require.Equal(t, "migrate --in-place", got.Command)
			require.True(t, got.Executed)
			require.Positive(t, got.Duration)
			again, err := a.promote(t.Context(), t, &rig.Torn{}, true)
			require.NoError(t, err)
			require.EqualValues(t, 7, again.Before)
			require.EqualValues(t, 2, again.Visible)
			require.Zero(t, again.Promoted)
		})
	})

	t.Run("in a preview, a few of the channels", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			a := newAccount(t)
			a.told = func(p *inplace.Promotion) { p.Ledger, p.Traffic = nil, nil }
			got, err := a.promote(t.Context(), t, &rig.Torn{}, false)
			require.NoError(t, err)
			require.Len(t, got.Samples, 5)
			require.EqualValues(t, 9, got.Channels)
			require.EqualValues(t, 5, got.Promoted)
			require.EqualValues(t, 4, got.Visible)
			require.False(t, got.Executed)
			require.Equal(t, []migrate.SourceService{{SourceSID: rig.ScenarioService, FriendlyName: "scenario"}}, got.Services)
		})
	})

	t.Run("of a channel that the ledger plans to copy, and makes it visible", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			a := newAccount(t)
			l, err := sqlite.Open(t.Context(), a.Rig.Ledger)
			require.NoError(t, err)
			require.NoError(t, l.PutChannel(t.Context(), migrate.ChannelRecord{SourceSID: rig.SidOf("CH", 0), ServiceSID: rig.ScenarioService, Stage: migrate.Planned}))
			require.NoError(t, l.Close())
			got, err := a.promote(t.Context(), t, &rig.Torn{}, true)
			require.NoError(t, err)
			require.EqualValues(t, 5, got.Promoted)
			require.Zero(t, a.public())
		})
	})
}
