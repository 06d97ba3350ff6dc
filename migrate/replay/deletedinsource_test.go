package replay_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
)

// A message may be deleted in the source at any moment of a run that finds it
// edited: no other message gets a text that is not its own.
func TestDeletedInTheSourceAtAnyRead(t *testing.T) {
	edited := 0
	for nth := 1; nth <= 12; nth++ {
		synctest.Test(t, func(t *testing.T) {
			var r *rig.Rig
			n := -1000
			r = rig.NewRig(t, emulator.Config{
				Archive: oneChannel(four...).Archive(), Latency: 300 * time.Millisecond,
				Intercept: func(w http.ResponseWriter, req *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
					if x.Host == emulator.ChatHost && len(x.Path) == 6 && x.Path[5] == "Messages" {
						if n++; n == nth {
							require.NoError(t, r.Emulator.DeleteInChannel(rig.SidOf("CH", 0), rig.SidOf("IM", 1)))
						}
					}
					commit().WriteTo(w)
				},
			})
			require.True(t, r.Killed(t, rig.Kill{Write: 15, After: true}))
			require.Greater(t, len(bodies(t, r)), 2)
			r.Ledger += ".new"
			require.NoError(t, r.Emulator.EditInChannel(rig.SidOf("CH", 0), rig.SidOf("IM", 1), "two, edited"))
			n = 0
			_, err := r.Migrate(t.Context())
			require.NoError(t, err)
			got := bodies(t, r)
			require.Len(t, got, 4)
			require.Contains(t, []string{"two", "two, edited"}, got[1], "deleted before reading %d", nth)
			require.Equal(t, []string{"one", "three", "four"}, []string{got[0], got[2], got[3]})
			if got[1] != "two" {
				edited++
			}
		})
	}
	require.Positive(t, edited, "it was edited before it was deleted, in one of them")
}
