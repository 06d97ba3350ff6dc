package inplace_test

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/emulator/faults"
	"chatbridge/migrate/inplace"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/transport"
)

func TestInPlace(t *testing.T) {
	run := func(t *testing.T, r *rig.Rig, execute bool) (inplace.Result, error) {
		t.Helper()
		return (&account{Rig: r}).promote(t.Context(), t, &rig.Torn{}, execute)
	}

	t.Run("a preview counts and writes nothing", func(t *testing.T) {
		r := rig.NewRig(t, emulator.Config{Archive: mixed().Archive(), Shared: true})
		got, err := run(t, r, false)
		require.NoError(t, err)
		require.EqualValues(t, 5, got.Promoted)
		require.EqualValues(t, 4, got.Visible)
		require.Zero(t, got.Requests.Writes)
	})

	t.Run("promotes the public channels, one request each, and a second run none", func(t *testing.T) {
		r := rig.NewRig(t, emulator.Config{Archive: mixed().Archive(), Shared: true})
		got, err := run(t, r, true)
		require.NoError(t, err)
		require.Equal(t, migrate.Complete, got.Status)
		require.EqualValues(t, 5, got.Requests.Writes)
		n := 0
		for _, err := range r.Target(&transport.Counter{}).Conversations(t.Context(), rig.ScenarioService) {
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
			r := rig.NewRig(t, emulator.Config{Archive: mixed().Archive(), Shared: true, Intercept: plan.Intercept})
			got, err := run(t, r, true)
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, got.Status)
			plan.Close()
			require.NotEmpty(t, plan.Counts())
			for _, c := range r.Emulator.Channels() {
				require.Equal(t, "private", c.Type)
			}
		})
	})

	t.Run("refuses where Conversations does not show the service", func(t *testing.T) {
		r := rig.NewRig(t, emulator.Config{Archive: mixed().Archive()})
		_, err := run(t, r, true)
		require.Equal(t, migrate.Usage, migrate.KindOf(err))
		require.ErrorContains(t, err, "does not show this service")
		require.Contains(t, migrate.HintOf(err), "to copy into another one, leave it out")
		require.Zero(t, r.Emulator.Stats().Conversations.Writes)
	})
}
