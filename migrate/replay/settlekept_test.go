package replay_test

import (
	"net/http"
	"regexp"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
)

// What a run gave its writes to land holds for whoever goes on after it, since some of
// them may land that late, until one has ended that was complete.
func TestSettleTimeIsKept(t *testing.T) {
	const measured = 45 * time.Second
	synctest.Test(t, func(t *testing.T) {
		var claimed atomic.Int64 // seconds that the last claim says
		r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(2).Archive(), Intercept: saysSettle(&claimed)})
		own := r.Settings.Settle
		require.Less(t, own, measured)

		r.Settings.Settle = measured
		require.True(t, r.Killed(t, rig.Kill{Write: 20, After: true}))
		r.Settings.Settle = own
		require.True(t, r.Killed(t, rig.Kill{Write: 8, After: true}), "the second is killed too, and the third knows of the first")

		s, err := r.Migrate(t.Context())
		require.NoError(t, err)
		require.Equal(t, migrate.Complete, s.Status)
		require.Equal(t, measured.Seconds(), s.Settle)
		require.GreaterOrEqual(t, s.Duration, measured.Seconds())
		require.EqualValues(t, 45, claimed.Load(), "other machines are told too")

		s, err = r.Migrate(t.Context())
		require.NoError(t, err)
		require.Equal(t, own.Seconds(), s.Settle, "nothing of a complete run can land any more")
		require.EqualValues(t, own.Seconds(), claimed.Load())
	})
}

// saysSettle keeps the settle time that a claim names in the target.
func saysSettle(seconds *atomic.Int64) emulator.Interceptor {
	in := regexp.MustCompile(`"settle_seconds":(\d+)`)
	return func(w http.ResponseWriter, _ *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
		if found := in.FindStringSubmatch(x.Form.Get("Attributes")); found != nil {
			n, _ := strconv.ParseInt(found[1], 10, 64)
			seconds.Store(n)
		}
		commit().WriteTo(w)
	}
}

func TestSettleTimeIsTheLongestAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(1).Archive()})
		require.True(t, r.Killed(t, rig.Kill{Write: 8, After: true}))
		r.Settings.Settle *= 3
		s, err := r.Migrate(t.Context())
		require.NoError(t, err)
		require.Equal(t, r.Settings.Settle.Seconds(), s.Settle)
	})
}
