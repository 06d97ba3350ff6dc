package replay_test

import (
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
)

// contend answers the first times appends of a kind with "modified at the same
// time".
func contend(path string, times int64, commits bool) (func(http.ResponseWriter, *http.Request, *emulator.Exchange, func() emulator.Reply), *atomic.Int64) {
	var met atomic.Int64
	return func(w http.ResponseWriter, r *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
		if x.Write() && strings.HasSuffix(r.URL.Path, path) && met.Add(1) <= times {
			if commits {
				commit()
			}
			w.WriteHeader(http.StatusConflict)
			_, _ = io.WriteString(w, `{"code": 50391, "status": 409, "message": "modified"}`)
			return
		}
		commit().WriteTo(w)
	}, &met
}

// A write that met another one was not carried out. It is looked for once, which
// costs nothing, and asked for again without the settle time.
func TestAppendThatMetAnotherWrite(t *testing.T) {
	for name, path := range map[string]string{
		"message": "/Messages", "conversation": "/Conversations", "role": "/Roles", "service": "/Services",
	} {
		for how, commits := range map[string]bool{"not carried out": false, "carried out all the same": true} {
			t.Run(name+" "+how, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					intercept, met := contend(path, 2, commits)
					r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(1).Archive(), Intercept: intercept})
					s, err := r.Migrate(t.Context())
					require.NoError(t, err)
					require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
					require.GreaterOrEqual(t, met.Load(), int64(1))
					if name != "service" || !commits { // one that was found is taken for older, and waited for
						require.Less(t, s.Duration, r.Settings.Settle.Seconds(), "nothing was in doubt")
					}
					v, differences := r.Verify(t.Context())
					require.Empty(t, differences)
					require.True(t, v.Equal)
				})
			})
		}
	}
	t.Run("stops the channel where it meets others again and again, and says so", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			intercept, met := contend("/Messages", 1000, false)
			r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(1).Archive(), Intercept: intercept})
			s, err := r.Migrate(t.Context())
			require.Equal(t, migrate.Unavailable, migrate.KindOf(err))
			require.Len(t, s.Failures, 1)
			require.Contains(t, s.Failures[0].Reason, "50391")
			require.EqualValues(t, 5, met.Load())
		})
	})
}
