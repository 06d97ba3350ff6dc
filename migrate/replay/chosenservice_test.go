package replay_test

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
)

func TestChosenService(t *testing.T) {
	t.Run("that was asked for must be there", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := littleRig(t, little(t))
			named(t, r, "another")
			r.Settings.ToService = "IS00000000000000000000000000000077"
			s, err := r.Migrate(t.Context())
			require.Equal(t, migrate.NotFound, migrate.KindOf(err))
			require.ErrorContains(t, err, r.Settings.ToService+": the target account has no such Conversations service")
			require.Contains(t, migrate.HintOf(err), "leave out --to-service")
			require.Zero(t, s.Requests.Writes)
		})
	})

	t.Run("that was asked for is not the source itself", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Archive: little(t), Shared: true})
			r.Settings.ToService = rig.ScenarioService
			s, err := r.Migrate(t.Context())
			require.Equal(t, migrate.Usage, migrate.KindOf(err))
			require.ErrorContains(t, err, rig.ScenarioService+": the target is the source service itself")
			require.Contains(t, migrate.HintOf(err), "leave out --to-service")
			require.Zero(t, s.Requests.Writes)
		})
	})

	t.Run("that was asked for is there already", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := littleRig(t, little(t))
			r.Settings.ToService = named(t, r, "another")
			named(t, r, "one after it")
			s, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.KindCount{Source: 1, Existing: 1}, s.Counts[migrate.KindServices])
			require.False(t, serviceOf(t, r, rig.ScenarioService).Created)
		})
	})
}
