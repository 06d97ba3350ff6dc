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

// What a run gave its writes to land holds for whoever goes on after it, since some of
// them may land that late, until one has ended that was complete.
func TestSettleTimeIsKept(t *testing.T) {
	const measured = 45 * time.Second
	synctest.Test(t, func(t *testing.T) {
		r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(2).Archive()})
		own := r.Settings.Settle
		require.Less(t, own, measured)

		r.Settings.Settle = measured
		require.True(t, r.Killed(t, rig.Kill{Write: 20, After: true}))
		r.Settings.Settle = own
		require.True(t, r.Killed(t, rig.Kill{Write: 8, After: true}), "the second is killed too, and the third knows of the first")

		s, err := r.Migrate(t.Context())
		require.NoError(t, err)
		require.Equal(t, migrate.Complete, s.Status)
		require.Equal(t, measured.Seconds(), s.Settle)
		require.GreaterOrEqual(t, s.Duration, measured.Seconds())

		s, err = r.Migrate(t.Context())
		require.NoError(t, err)
		require.Equal(t, own.Seconds(), s.Settle, "nothing of a complete run can land any more")
	})
}

func TestSettleTimeIsTheLongestAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(1).Archive()})
		require.True(t, r.Killed(t, rig.Kill{Write: 8, After: true}))
		r.Settings.Settle *= 3
		s, err := r.Migrate(t.Context())
		require.NoError(t, err)
		require.Equal(t, r.Settings.Settle.Seconds(), s.Settle)
	})
}
