package replay_test

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/sqlite"
)

func TestServiceLimit(t *testing.T) {
	two := func(t *testing.T) emulator.Config {
		return emulator.Config{Archive: rig.Beside(t, rig.ManyChannels(2).Archive(), rig.ManyChannels(2).Archive())}
	}
	nothing := func(t *testing.T, l *rig.Rig) {
		require.Empty(t, l.Emulator.Truth().Services)
		ledger, err := sqlite.OpenReader(context.Background(), l.Ledger)
		require.NoError(t, err)
		defer func() { require.NoError(t, ledger.Close()) }()
		all, err := ledger.Services(t.Context())
		require.NoError(t, err)
		require.Empty(t, all)
	}
	t.Run("an account that takes one service of two gets neither, and both when it takes more", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := two(t)
			full := true
			made := 0
			c.Intercept = func(w http.ResponseWriter, _ *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
				if x.Write() && len(x.Path) == 2 && x.Path[1] == "Services" {
					if made++; full && made > 1 {
						emulator.Refusal(http.StatusForbidden, migrate.CodeServiceLimit, "Reached maximum number of Services").WriteTo(w)
						return
					}
				}
				commit().WriteTo(w)
			}
			c.Diary = true
			l := rig.NewRig(t, c)
			_, err := l.Migrate(t.Context())
			require.Equal(t, migrate.CodeServiceLimit, migrate.CodeOf(err), "%v", err)
			require.Equal(t, migrate.Refused, migrate.KindOf(err))
			require.Contains(t, err.Error(), "maximum number of services")
			require.Contains(t, migrate.HintOf(err), "--to-service")
			nothing(t, l)
			full = false
			s, err := l.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status)
			require.Len(t, l.Emulator.Truth().Services, 2)
		})
	})
	t.Run("the limit of the emulator is met in the same way", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := two(t)
			c.ServiceLimit, c.Diary = 1, true
			l := rig.NewRig(t, c)
			_, err := l.Migrate(t.Context())
			require.Equal(t, migrate.CodeServiceLimit, migrate.CodeOf(err), "%v", err)
			nothing(t, l)
		})
	})
}
