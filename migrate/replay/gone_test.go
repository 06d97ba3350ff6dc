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

// fetches reports whether one message of the target is asked for by its SID.
func (x exchange) fetches() bool {
	return !x.Write() && len(x.Path) == 7 && x.Path[5] == "Messages"
}

func count(all []string, one string) (n int) {
	for _, s := range all {
		if s == one {
			n++
		}
	}
	return n
}

// What people delete in the target is said once and never written again.
func TestDeletedInTheTarget(t *testing.T) {
	for _, crashed := range []bool{false, true} {
		t.Run(fmt.Sprintf("between two passes, the first crashed: %v", crashed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, m := between(t, emulator.Config{Archive: oneChannel("one", "two", "three", "four", "five", "six").Archive(), Latency: 300 * time.Millisecond})
				if crashed {
					require.True(t, r.Killed(t, rig.Kill{Write: 16}))
					require.Len(t, bodies(t, r), 4)
				} else {
					pass(t, r, migrate.Complete)
				}
				there := only(t, r)
				for _, body := range []string{"one", "three"} {
					require.NoError(t, r.Emulator.DeleteAs(there.Conversation, messageOf(t, there, body).SID))
				}
				time.Sleep(time.Hour)
				fetched, wrote := 0, 0
				m.do(func(x exchange) bool {
					if x.fetches() {
						fetched++
					}
					if x.appends("one") || x.appends("three") {
						wrote++
					}
					return false
				})
				_, err := r.Emulator.AppendToChannel(rig.SidOf("CH", 0), rig.IdentityOf(0), "seven")
				require.NoError(t, err)
				s := pass(t, r, migrate.Complete)
				require.EqualValues(t, 2, times(s, mapping.MessageDeleted))
				require.Equal(t, 2, fetched, "each by its SID")
				waits := 0 // one after a crash: between two readings
				if crashed {
					waits = 1
				}
				require.Equal(t, waits, count(r.Events.Messages(), "waiting in case an unanswered request still lands"), "messages of an earlier run are not waited for")
				for range 3 {
					_, err := r.Emulator.AppendToChannel(rig.SidOf("CH", 0), rig.IdentityOf(0), "more")
					require.NoError(t, err)
					time.Sleep(time.Hour)
					s = pass(t, r, migrate.Complete)
					require.Zero(t, times(s, mapping.MessageDeleted), "once")
				}
				require.Equal(t, 2, fetched)
				require.Zero(t, wrote)
				require.Equal(t, []string{"two", "four", "five", "six", "seven", "more", "more", "more"}, bodies(t, r))
			})
		})
	}

	t.Run("under a lost ledger, before answers are lost: it is said once a run", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r, m := between(t, emulator.Config{Archive: oneChannel("one", "two", "three", "four", "five", "six").Archive()})
			pass(t, r, migrate.Complete)
			there := only(t, r)
			require.NoError(t, r.Emulator.DeleteAs(there.Conversation, messageOf(t, there, "two").SID))
			r.Ledger += ".new"
			for _, body := range []string{"seven", "eight"} {
				_, err := r.Emulator.AppendToChannel(rig.SidOf("CH", 0), rig.IdentityOf(0), body)
				require.NoError(t, err)
			}
			n := 0
			m.do(func(x exchange) bool {
				if !x.appends("") {
					return false
				}
				if n++; n%2 == 1 {
					x.lose()
				}
				return false
			})
			s := pass(t, r, migrate.Complete)
			require.EqualValues(t, 1, times(s, mapping.MessageDeleted))
			require.Equal(t, []string{"one", "three", "four", "five", "six", "seven", "eight"}, bodies(t, r))
			m.rest()
			_, err := r.Emulator.AppendToChannel(rig.SidOf("CH", 0), rig.IdentityOf(0), "nine")
			require.NoError(t, err)
			require.Zero(t, times(pass(t, r, migrate.Complete), mapping.MessageDeleted))
		})
	})

	t.Run("what a policy left out was not deleted", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r, m := between(t, emulator.Config{Archive: oneChannel("one", "two", "three", "four").Archive()})
			r.Settings.Mapper.Policy = mapping.Policy{mapping.MessageRefused: "skip"}
			m.do(func(x exchange) bool {
				if !x.appends("two") {
					return false
				}
				emulator.Refusal(400, 50999, "no").WriteTo(x.w)
				return true
			})
			require.EqualValues(t, 1, times(pass(t, r, migrate.Complete), mapping.MessageRefused))
			_, err := r.Emulator.PostAs(only(t, r).Conversation, rig.IdentityOf(1), "hello")
			require.NoError(t, err)
			_, err = r.Emulator.AppendToChannel(rig.SidOf("CH", 0), rig.IdentityOf(0), "five")
			require.NoError(t, err)
			for range 2 {
				s := pass(t, r, migrate.Complete)
				require.Zero(t, times(s, mapping.MessageDeleted))
				_, err = r.Emulator.AppendToChannel(rig.SidOf("CH", 0), rig.IdentityOf(0), "six")
				require.NoError(t, err)
			}
		})
	})

	for _, channels := range []int{1, 2} {
		t.Run(fmt.Sprintf("what only the list hides was not: the channel stops and is named, of %d", channels), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				plan := rig.ManyChannels(channels)
				plan.Channels[0].Messages[1].Body = "hidden"
				r, m := between(t, emulator.Config{Archive: plan.Archive(), Unkind: emulator.Unkind{IndexGaps: -1}})
				r.Settings.Concurrency = 1
				m.do(func(x exchange) bool { return hideBody(x, "hidden") })
				for range 2 {
					s := pass(t, r, migrate.Partial)
					require.Len(t, s.Failures, 1)
					require.Contains(t, reasons(s), rig.SidOf("CH", 0))
					require.Contains(t, reasons(s), "the list of messages does not show it")
					require.Contains(t, reasons(s), "run the same command again")
					require.Zero(t, times(s, mapping.MessageDeleted))
				}
				m.rest()
				pass(t, r, migrate.Complete)
				equalNow(t, r)
			})
		})
	}
}
