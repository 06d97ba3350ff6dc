package replay_test

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/emulator/faults"
	"chatbridge/migrate/internal/rig"
)

// A lane that waits for its turn does not stand still, however long the queue.
func TestWaitingForATurnIsNoStall(t *testing.T) {
	const watchdog = 20 * time.Second
	const slow = 15 * time.Second
	carried := func(t *testing.T, r *rig.Rig) {
		t.Helper()
		r.Settings.Watchdog = watchdog
		s, err := r.Migrate(t.Context())
		require.NoError(t, err)
		require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
		require.Greater(t, s.Duration, watchdog.Seconds())
		_, differences := r.Verify(t.Context())
		require.Empty(t, differences)
	}

	t.Run("for a slot", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(6).Archive(), Intercept: func(w http.ResponseWriter, _ *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
				if x.Write() && x.Form.Has("Body") {
					time.Sleep(slow)
				}
				commit().WriteTo(w)
			}})
			r.InFlight.Most = 1
			carried(t, r)
		})
	})
	t.Run("for a token", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(2).Archive()})
			r.Aps = 1.0 / 50
			carried(t, r)
		})
	})
	t.Run("for a neighbour who reads a long list for all", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			plan, err := faults.Parse("nth(GET conversations,2-4)=read.empty") // after the search for the service
			require.NoError(t, err)
			defer plan.Close()
			again := false
			r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(3).Archive(), Intercept: func(w http.ResponseWriter, r *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
				if !again {
					commit().WriteTo(w)
					return
				}
				if !x.Write() && strings.HasSuffix(r.URL.Path, "/Conversations") {
					time.Sleep(slow)
				}
				plan.Intercept(w, r, x, commit)
			}})
			_, err = r.Migrate(t.Context())
			require.NoError(t, err)
			r.Ledger, again = filepath.Join(t.TempDir(), "new.db"), true
			carried(t, r)
			require.EqualValues(t, 3, plan.Counts()[faults.ReadEmpty])
		})
	})
}
