package undo_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/transport"
)

// TestUndoOfAStoppedMigration undoes a migration that was killed at one write or
// another, also before the service got its notifications back.
func TestUndoOfAStoppedMigration(t *testing.T) {
	for name, into := range places {
		t.Run(name, func(t *testing.T) {
			write, stride := rig.Faults(t)
			tried, clean := 0, 0
			for more := true; more; write += stride {
				tried++
				synctest.Test(t, func(t *testing.T) {
					r, sid := inhabited(t, into, emulator.Config{Archive: rig.ManyChannels(1).Archive()})
					before := r.State(t)
					was, err := r.Target(&transport.Counter{}).Configuration(t.Context(), sid)
					require.NoError(t, err)
					more = r.Killed(t, rig.Kill{Write: write, After: true, Cut: true})
					time.Sleep(time.Minute)
					_, _, err = r.Undo(t.Context(), true)
					require.NoError(t, err, "write %d", write)
					is, err := r.Target(&transport.Counter{}).Configuration(t.Context(), sid)
					require.NoError(t, err)
					require.Equal(t, was, is, "write %d", write)
					require.Zero(t, r.Emulator.Stats().Pushes, "write %d", write)
					// The last write is in no ledger. Where that matters an undo keeps what
					// it does not know, and a migration finds out.
					_, err = r.Migrate(t.Context())
					require.NoError(t, err, "write %d", write)
					_, all, err := r.Undo(t.Context(), true)
					require.NoError(t, err, "write %d", write)
					// That of which the ledger missed the creation is taken for somebody else's.
					if kept(all, "it was found in the target")+kept(all, "the role was there before")+kept(all, "the user was there before") == 0 {
						require.Equal(t, before, r.State(t), "write %d: %+v", write, all)
						clean++
					}
				})
			}
			require.Greater(t, write, 10)
			require.GreaterOrEqual(t, clean, tried/2)
		})
	}
}

// An undo waits for what the migration before it sent as long as that migration would
// have, whatever its own settle time is.
func TestUndoWaitsAsLongAsTheMigrationBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const measured = 45 * time.Second
		var claimed atomic.Bool
		r, _ := inhabited(t, own, emulator.Config{Archive: rig.ManyChannels(1).Archive(), Intercept: func(w http.ResponseWriter, _ *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
			if text := x.Form.Get("Attributes"); strings.Contains(text, `"verb":"undo"`) {
				claimed.Store(strings.Contains(text, `"settle_seconds":45`))
			}
			commit().WriteTo(w)
		}})
		shorter := r.Settings.Settle
		r.Settings.Settle = measured
		require.True(t, r.Killed(t, rig.Kill{Write: 10, After: true}))
		r.Settings.Settle = shorter
		began := time.Now()
		_, _, err := r.Undo(t.Context(), true)
		require.NoError(t, err)
		require.GreaterOrEqual(t, time.Since(began), measured)
		require.True(t, claimed.Load(), "other machines are told")
	})
}
