package replay_test

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
)

func TestMigration(t *testing.T) {
	t.Run("brings a whole workspace over, equal to what the mapping says", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Archive: rig.Workspace(t, "support-desk")})
			s, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
			v, differences := r.Verify(t.Context())
			require.Empty(t, differences)
			require.True(t, v.Equal)
			require.Equal(t, s.Counts[migrate.KindMessages].Source, v.Compared[migrate.KindMessages])
		})
	})

	t.Run("writes nothing but its claims when it is run again", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Archive: rig.Workspace(t, "support-desk")})
			_, err := r.Migrate(t.Context())
			require.NoError(t, err)
			s, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.EqualValues(t, len(s.Services)*rig.ClaimWrites, s.Requests.Writes)
			require.Equal(t, migrate.Complete, s.Status)
			for kind, c := range s.Counts {
				require.Zero(t, c.Written, kind)
				if kind != migrate.KindInvites && kind != migrate.KindCredentials {
					require.Equal(t, c.Source, c.Existing, kind)
				}
			}
		})
	})

	t.Run("fires no webhook, sends no push and writes nothing to the source", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Archive: rig.Workspace(t, "support-desk")})
			_, err := r.Migrate(t.Context())
			require.NoError(t, err)
			stats := r.Emulator.Stats()
			require.Zero(t, stats.Pushes)
			require.Zero(t, stats.Webhooks)
			require.Zero(t, stats.Chat.Writes)
			require.Zero(t, stats.RefusedSourceWrites)
		})
	})
}
