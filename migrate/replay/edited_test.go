package replay_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
)

// A crash leaves the newest message unconfirmed. What became of it until the run
// is resumed is no reason to write it again, or to stop.
func TestEditedBetweenCrashAndResume(t *testing.T) {
	for _, where := range []string{"the target", "the source", "the target, by a reaction"} {
		for _, ledger := range []string{"", ".new"} {
			t.Run(fmt.Sprintf("in %s, with the ledger %q", where, ledger), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r, _ := between(t, emulator.Config{Archive: oneChannel("one", "two", "three", "four", "five", "six").Archive(), Latency: 300 * time.Millisecond})
					require.True(t, r.Killed(t, rig.Kill{Write: 15, After: true}))
					require.Len(t, bodies(t, r), 4)
					r.Ledger += ledger
					there := only(t, r)
					want := []string{"one", "two", "three", "four", "five", "six"}
					for _, n := range []int{3, 1} {
						sid := messageOf(t, there, want[n]).SID
						switch where {
						case "the target":
							require.NoError(t, r.Emulator.EditAs(there.Conversation, sid, want[n]+", edited"))
						case "the source":
							require.NoError(t, r.Emulator.EditInChannel(rig.SidOf("CH", 0), rig.SidOf("IM", n), want[n]+", edited"))
						default:
							require.NoError(t, r.Emulator.ReactAs(there.Conversation, sid, `{"👍":1}`))
							continue
						}
						if where == "the target" || ledger != "" || n == 3 {
							want[n] += ", edited" // the source's edit of what was confirmed is verify's
						}
					}
					for run := range 3 {
						s := pass(t, r, migrate.Complete)
						require.Equal(t, want, bodies(t, r))
						require.EqualValues(t, 0, times(s, mapping.StoredOtherwise))
						altered := int64(0)
						if run == 0 && where != "the source" {
							altered = 1
							if ledger != "" {
								altered = 2
							}
						}
						require.Equal(t, altered, times(s, mapping.MessageAltered), "edited by people, said once")
						require.Zero(t, times(s, mapping.MessageDeleted))
					}
				})
			})
		}
	}

	t.Run("in the source, and the run told to stop before it is brought up to date", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r, m := between(t, emulator.Config{Archive: oneChannel("one", "two", "three", "four").Archive()})
			pass(t, r, migrate.Complete)
			r.Ledger += ".new"
			require.NoError(t, r.Emulator.EditInChannel(rig.SidOf("CH", 0), rig.SidOf("IM", 1), "two, edited"))
			drain, stopped := make(chan struct{}), false
			m.do(func(x exchange) bool {
				if len(x.Path) == 6 && x.Path[5] == "Messages" && !stopped {
					stopped = true
					close(drain)
				}
				return false
			})
			ran(t, t.Context(), r, drain)
			require.Equal(t, four, bodies(t, r))
			pass(t, r, migrate.Complete)
			require.Equal(t, []string{"one", "two, edited", "three", "four"}, bodies(t, r))
		})
	})

	for _, after := range []bool{false, true} {
		t.Run(fmt.Sprintf("in the source, and the run killed at each of its writes, after it took effect: %t", after), func(t *testing.T) {
			for write := 1; ; write++ {
				killed, busy := false, false
				synctest.Test(t, func(t *testing.T) {
					r, m := between(t, emulator.Config{Archive: oneChannel("one", "two", "three", "four").Archive()})
					pass(t, r, migrate.Complete)
					r.Ledger += ".new"
					require.NoError(t, r.Emulator.EditInChannel(rig.SidOf("CH", 0), rig.SidOf("IM", 1), "two, edited"))
					m.do(func(x exchange) bool { // long enough for the ledger to reach the disk
						if !x.edits() || busy {
							return false
						}
						busy = true
						emulator.Refusal(503, 20503, "busy").WriteTo(x.w)
						return true
					})
					killed = r.Killed(t, rig.Kill{Write: write, After: after})
					pass(t, r, migrate.Complete)
					require.Equal(t, []string{"one", "two, edited", "three", "four"}, bodies(t, r), "killed at write %d", write)
				})
				if !killed {
					require.Greater(t, write, 3, "the claim, the edit and what follows are writes")
					return
				}
			}
		})
	}
}
