package replay_test

import (
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
)

// A service of a lost ledger whose conversations cannot be read is not taken for
// somebody else's: what could not be read is said. If another conversation proves
// it, that is enough.
func TestWhatCannotBeReadProvesNothing(t *testing.T) {
	for _, channels := range []int{1, 2} {
		synctest.Test(t, func(t *testing.T) {
			r, m := between(t, emulator.Config{Archive: rig.ManyChannels(channels).Archive()})
			s := pass(t, r, migrate.Complete)
			service := s.Services[0].TargetSID
			closed := channelOf(t, r, 0).TargetSID
			r.Ledger += ".new"
			var wrote atomic.Int64 // users are written concurrently
			m.do(func(x exchange) bool {
				if x.Write() {
					wrote.Add(1)
				}
				if len(x.Path) != 6 || x.Path[4] != closed {
					return false
				}
				emulator.Refusal(400, 20001, "not this one").WriteTo(x.w)
				return true
			})
			s, err := r.Migrate(t.Context())
			if channels == 1 {
				require.ErrorContains(t, err, "not this one")
				require.Zero(t, wrote.Load())
				m.rest()
				s = pass(t, r, migrate.Complete)
			} else {
				require.NoError(t, err)
				require.Equal(t, migrate.Partial, s.Status)
				require.Contains(t, reasons(s), rig.SidOf("CH", 0))
			}
			require.Equal(t, service, s.Services[0].TargetSID)
			require.Zero(t, s.Counts[migrate.KindMessages].Written)
		})
	}
}
