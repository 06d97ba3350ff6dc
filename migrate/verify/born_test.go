package verify_test

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/transport"
	"chatbridge/migrate/verify"
)

func TestComparisonAsksOnceWhenTheTargetWasMade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(8).Archive()})
		s, err := r.Migrate(t.Context())
		require.NoError(t, err)
		reads := func() int64 {
			before := r.Emulator.Stats().Conversations.Reads
			counter := &transport.Counter{}
			v := verify.Verifier{Source: migrate.Counted(r.Source(counter)), Target: r.Target(counter), Observer: r.Events, Settings: r.Settings}
			got, err := v.Run(t.Context(), func(verify.Difference) {})
			require.NoError(t, err)
			require.True(t, got.Equal)
			return r.Emulator.Stats().Conversations.Reads - before
		}
		without := reads()
		for _, all := range r.ConversationsOf(t, s.Services[0].TargetSID) {
			for _, c := range all {
				_, err := r.Emulator.PostAs(c.SID, rig.IdentityOf(0), "hello")
				require.NoError(t, err)
			}
		}
		require.Equal(t, without+1, reads(), "somebody wrote into each of eight")
	})
}
