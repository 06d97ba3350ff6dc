package replay_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
)

// A later pass that is killed at any of its writes, with the last quarter of a
// second of the ledger lost or not, is brought to its end by the next one.
func TestPassThatWasKilled(t *testing.T) {
	for _, latency := range []time.Duration{0, 300 * time.Millisecond} {
		for _, young := range []bool{false, true} {
			t.Run(fmt.Sprintf("requests take %v, new messages are of today: %v", latency, young), func(t *testing.T) {
				for write := 1; write <= 8; write++ {
					synctest.Test(t, func(t *testing.T) {
						plan := oneChannel("one", "two", "three")
						r, _ := between(t, emulator.Config{Archive: plan.Archive(), Latency: latency})
						pass(t, r, migrate.Complete)
						_, err := r.Emulator.PostAs(only(t, r).Conversation, rig.IdentityOf(1), "hello")
						require.NoError(t, err)
						want := []string{"one", "two", "three", "hello"}
						if !young {
							time.Sleep(time.Hour)
						}
						for _, body := range []string{"new", "newer"} {
							_, err := r.Emulator.AppendToChannel(rig.SidOf("CH", 0), rig.IdentityOf(0), body)
							require.NoError(t, err)
							want = append(want, body)
						}
						r.Killed(t, rig.Kill{Write: write, After: write%2 == 0})
						s := pass(t, r, migrate.Complete)
						require.Equal(t, want, bodies(t, r), "killed at write %d", write)
						require.Zero(t, times(s, mapping.MessageThere), "nobody else wrote them")
						_, err = r.Emulator.AppendToChannel(rig.SidOf("CH", 0), rig.IdentityOf(0), "newest")
						require.NoError(t, err)
						pass(t, r, migrate.Complete)
						require.Equal(t, append(want, "newest"), bodies(t, r))
					})
				}
			})
		}
	}
}

// A run of other channels that ends well between says nothing about a channel that
// was cut off before.
func TestKilledBeforeARunOfOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, m := between(t, emulator.Config{Archive: oneChannel("one", "two", "three", "four").Archive(), Latency: 300 * time.Millisecond, Unkind: emulator.Unkind{IndexGaps: -1}})
		require.True(t, r.Killed(t, rig.Kill{Write: 14, After: true}))
		there := bodies(t, r)
		require.NotEmpty(t, there)
		r.EndedAs(t, migrate.Complete)
		var hidden atomic.Bool
		m.do(func(x exchange) bool {
			if hidden.Load() || !hideNewest(x, 1) {
				return false
			}
			hidden.Store(true)
			return true
		})
		pass(t, r, migrate.Complete)
		require.True(t, hidden.Load())
		require.Equal(t, four, bodies(t, r))
		require.NotContains(t, r.Events.Messages(), "removed a copy that landed late")
	})
}
