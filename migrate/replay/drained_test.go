package replay_test

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/replay"
	"chatbridge/migrate/sqlite"
	"chatbridge/migrate/transport"
)

func TestToldToStopBeforeItBegan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rig.NewRig(t, emulator.Config{Archive: rig.WholeScenario().Archive()})
		l, err := sqlite.Open(t.Context(), r.Ledger)
		require.NoError(t, err)
		defer func() { require.NoError(t, l.Close()) }()
		stop := make(chan struct{})
		close(stop)
		m := replay.Migration{
			Source: r.Source(&transport.Counter{}), Target: r.Target(&transport.Counter{}), Ledger: l,
			Observer: r.Events, Settings: r.Settings, Drain: stop,
		}
		s, err := m.Run(t.Context())
		require.Equal(t, migrate.Interrupted, migrate.KindOf(err))
		require.Equal(t, migrate.InterruptedStatus, s.Status)
		require.Zero(t, r.Emulator.Stats().Conversations.Writes, "not even the service")
	})
}
