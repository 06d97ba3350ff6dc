package undo_test

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/twilio"
)

// Files go with their messages. A later migration uploads them anew, and does not
// ask what became of the old ones.
func TestUndoForgetsFiles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		plan := rig.ManyChannels(2)
		plan.Channels[0].Messages[0].File, plan.Channels[1].Messages[0].File = 3000, 700
		r := rig.NewRig(t, emulator.Config{Archive: plan.Archive()})
		r.API = twilio.APIv2
		s, err := r.Migrate(t.Context())
		require.NoError(t, err)
		require.EqualValues(t, 2, s.Counts[migrate.KindFiles].Written)
		_, _, err = r.Undo(t.Context(), true)
		require.NoError(t, err)
		l := ledgerOf(t, r)
		for i := range plan.Channels {
			for f, err := range l.Files(t.Context(), rig.SidOf("CH", i)) {
				require.NoError(t, err)
				require.Fail(t, "still known", f)
			}
		}
		require.NoError(t, l.Close())
		s, err = r.Migrate(t.Context())
		require.NoError(t, err)
		require.Equal(t, migrate.Complete, s.Status)
		require.EqualValues(t, 2, s.Counts[migrate.KindFiles].Written)
	})
}
