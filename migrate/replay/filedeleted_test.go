package replay_test

import (
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/twilio"
)

// A message may be deleted after it was read, and its file with it: then nothing is
// missing, whichever place it had.
func TestFileThatGoesWithItsMessage(t *testing.T) {
	for name, c := range map[string]struct {
		deleted int
		stays   []string
	}{
		"in the middle": {1, []string{"before", "between", "look[file 3.png, 700]", "after[file 4.png, 9]"}},
		"the last one":  {4, []string{"before", "[file 1.png, 3000]", "between", "look[file 3.png, 700]"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				plan, done := withFiles(), false
				plan.Channels[0].Messages[4].File = 9
				var r *rig.Rig
				r = rig.NewRig(t, emulator.Config{Archive: plan.Archive(), Intercept: func(w http.ResponseWriter, req *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
					if sid := rig.SidOf("ME", c.deleted); !done && x.Host == emulator.MediaHost && x.Path[len(x.Path)-1] == sid {
						done = true
						require.NoError(t, r.Emulator.DeleteInChannel(rig.SidOf("CH", 0), rig.SidOf("IM", c.deleted)))
						require.NoError(t, r.Emulator.LoseFile(sid))
					}
					commit().WriteTo(w)
				}})
				r.API = twilio.APIv2
				for range 2 {
					s, err := r.Migrate(t.Context())
					require.NoError(t, err)
					require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
					require.Equal(t, c.stays, filesIn(t, r))
					require.Empty(t, s.Counts[migrate.KindMessages].Failed+s.Counts[migrate.KindMessages].LeftOut)
				}
				require.True(t, done)
				require.Contains(t, r.Events.Messages(), "message was deleted while it was read")
				_, differences := r.Verify(t.Context())
				require.Empty(t, differences)
			})
		})
	}
}
