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

// People may write more after the last message of ours than is held in memory, and
// an application what it also wrote into the source: before them, or behind them.
func TestMoreOfOthersThanIsHeld(t *testing.T) {
	const held = 2000
	for _, first := range []bool{true, false} {
		for _, n := range []int{held + 1} {
			t.Run(fmt.Sprintf("%d messages, and the one that is there comes first: %v", n, first), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r, m := between(t, emulator.Config{Archive: oneChannel(four...).Archive()})
					pass(t, r, migrate.Complete)
					there := only(t, r)
					if first {
						mirror(t, r, there.Conversation, "new")
					}
					for i := range n {
						_, err := r.Emulator.PostAs(there.Conversation, rig.IdentityOf(1), fmt.Sprint("hello ", i))
						require.NoError(t, err)
					}
					if !first {
						mirror(t, r, there.Conversation, "new")
					}
					time.Sleep(time.Hour)
					_, err := r.Emulator.AppendToChannel(rig.SidOf("CH", 0), rig.IdentityOf(0), "newer")
					require.NoError(t, err)
					time.Sleep(time.Hour)
					s := pass(t, r, migrate.Complete)
					require.EqualValues(t, 1, times(s, mapping.MessageThere))
					require.EqualValues(t, 1, s.Counts[migrate.KindMessages].Written)
					all := bodies(t, r)
					require.Len(t, all, 4+n+2)
					require.Equal(t, "newer", all[len(all)-1])

					// A list that breaks stops the channel, and nothing is written.
					_, err = r.Emulator.AppendToChannel(rig.SidOf("CH", 0), rig.IdentityOf(0), "newest")
					require.NoError(t, err)
					wrote := false
					m.do(func(x exchange) bool {
						if x.appends("") {
							wrote = true
						}
						if !x.lists() {
							return false
						}
						emulator.Refusal(403, 20003, "no").WriteTo(x.w)
						return true
					})
					_, _ = r.Migrate(t.Context())
					require.False(t, wrote)
				})
			})
		}
	}
}

// What proves a conversation need not be its first message, nor a participant.
func TestProofBehindAnEditedMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _ := between(t, emulator.Config{Archive: oneChannel(four...).Archive()})
		pass(t, r, migrate.Complete)
		there := only(t, r)
		require.NoError(t, r.Emulator.EditAs(there.Conversation, messageOf(t, there, "one").SID, "one, edited"))
		for _, p := range there.Participants(t) {
			require.NoError(t, r.Emulator.LeaveAs(there.Conversation, p.Identity))
		}
		time.Sleep(time.Hour)
		r.Ledger += ".new"
		s := pass(t, r, migrate.Complete)
		require.Equal(t, []string{"one, edited", "two", "three", "four"}, bodies(t, r))
		require.Zero(t, s.Counts[migrate.KindMessages].Written)
		require.Equal(t, there.Conversation, only(t, r).Conversation)
	})
}
