package verify_test

import (
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/verify"
)

func TestVerifyNamesALateService(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lost := &rig.LostService{}
		r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(1).Archive(), Intercept: lost.Intercept})
		s, err := r.Migrate(t.Context())
		require.NoError(t, err)
		v, all := r.VerifyKnowing(t.Context())
		require.True(t, v.Equal, "%+v", all)
		require.Equal(t, http.StatusCreated, lost.Land())
		v, all = r.VerifyKnowing(t.Context())
		require.False(t, v.Equal)
		require.Len(t, all, 1)
		require.Equal(t, verify.Doubled, all[0].Class)
		require.Equal(t, migrate.KindServices, all[0].Kind)
		require.Contains(t, r.ServicesThere(t), all[0].TargetSID)
		require.NotEqual(t, s.Services[0].TargetSID, all[0].TargetSID)
		require.Contains(t, all[0].Detail, s.Services[0].TargetSID)
	})
}
