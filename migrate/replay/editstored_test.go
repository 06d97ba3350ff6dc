package replay_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/replay"
)

// edits reports whether a message gets its text.
func (x exchange) edits() bool { return x.Write() && len(x.Path) == 7 && x.Path[5] == "Messages" }

// A message that was edited in the source, and cannot be brought up to date, stops its
// channel, and is not forgotten.
func TestEditThatDoesNotArrive(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(x exchange) bool
		says string
		runs int
		want string
	}{
		"because it is stored otherwise": {func(x exchange) bool {
			x.Form.Set("Body", "TWO")
			return false
		}, string(mapping.StoredOtherwise), 1, "TWO"}, // people may have done so since the ledger was lost

		"because it is refused": {func(x exchange) bool {
			emulator.Refusal(400, 50999, "no").WriteTo(x.w)
			return true
		}, "50999", 3, "two, edited"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, m := between(t, emulator.Config{Archive: oneChannel(four...).Archive()})
				pass(t, r, migrate.Complete)
				r.Ledger += ".new"
				require.NoError(t, r.Emulator.EditInChannel(rig.SidOf("CH", 0), rig.SidOf("IM", 1), "two, edited"))
				m.do(func(x exchange) bool { return x.edits() && c.do(x) })
				for range c.runs {
					s := pass(t, r, migrate.Partial)
					require.Contains(t, reasons(s), c.says)
					require.Contains(t, reasons(s), rig.SidOf("CH", 0))
				}
				m.rest()
				pass(t, r, migrate.Complete)
				require.Equal(t, []string{"one", c.want, "three", "four"}, bodies(t, r))
			})
		})
	}
	t.Run("it does, and nothing else is written: the channel counts as written", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r, _ := between(t, emulator.Config{Archive: oneChannel(four...).Archive()})
			pass(t, r, migrate.Complete)
			r.Ledger += ".new"
			require.EqualValues(t, 1, pass(t, r, migrate.Complete).Counts[migrate.KindChannels].Existing)
			r.Ledger += ".newer"
			require.NoError(t, r.Emulator.EditInChannel(rig.SidOf("CH", 0), rig.SidOf("IM", 1), "two, edited"))
			s := pass(t, r, migrate.Complete)
			require.Equal(t, []string{"one", "two, edited", "three", "four"}, bodies(t, r))
			require.EqualValues(t, 1, s.Counts[migrate.KindChannels].Written)
			require.Zero(t, times(s, mapping.StoredOtherwise))
			equalNow(t, r)
		})
	})
}

// What follows an edit that did not arrive is not noted: a run that is killed before
// it arrives comes to the same point again, however much follows.
func TestEditThatAKillKeepsFromArriving(t *testing.T) {
	for _, most := range []int{1, 2, 100} {
		t.Run(fmt.Sprintf("of what follows, %d messages are held", most), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				replay.HoldAtMost(t, most)
				r, _ := between(t, emulator.Config{Archive: oneChannel("one", "two", "three", "four", "five", "six").Archive()})
				pass(t, r, migrate.Complete)
				r.Ledger += ".new"
				for n, body := range map[int]string{1: "two, edited", 4: "five, edited"} {
					require.NoError(t, r.Emulator.EditInChannel(rig.SidOf("CH", 0), rig.SidOf("IM", n), body))
				}
				cutOff(t, r, call{"target SetMessage", 2}, false)
				s := pass(t, r, migrate.Complete)
				require.Equal(t, []string{"one", "two, edited", "three", "four", "five, edited", "six"}, bodies(t, r))
				require.Equal(t, migrate.KindCount{Source: 6, Existing: 6}, s.Counts[migrate.KindMessages])
				require.Zero(t, times(s, mapping.MessageAltered))
				equalNow(t, r)
			})
		})
	}
}

// If more follows than is held, it takes another reading, in which nothing counts
// twice.
func TestEditBeforeMoreThanIsHeld(t *testing.T) {
	readings := map[int]int{}
	for _, most := range []int{1, 100} {
		synctest.Test(t, func(t *testing.T) {
			replay.HoldAtMost(t, most)
			r, _ := between(t, emulator.Config{Archive: oneChannel("one", "two", "three", "four", "five", "six").Archive()})
			pass(t, r, migrate.Complete)
			there := only(t, r)
			require.NoError(t, r.Emulator.DeleteAs(there.Conversation, messageOf(t, there, "three").SID))
			r.Ledger += ".new"
			require.NoError(t, r.Emulator.EditInChannel(rig.SidOf("CH", 0), rig.SidOf("IM", 1), "two, edited"))
			c := &calls{}
			s, err := c.run(t.Context(), t, r)
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
			require.Equal(t, migrate.KindCount{Source: 6, Existing: 5, LeftOut: 1}, s.Counts[migrate.KindMessages])
			require.EqualValues(t, 1, times(s, mapping.MessageDeleted))
			readings[most] = c.times("target Messages")
		})
	}
	require.Greater(t, readings[1], readings[100])
}

// While a run is paused people edit, and delete, what it has seen.
func TestEditAfterAPause(t *testing.T) {
	for name, c := range map[string]struct {
		meanwhile func(r *rig.Rig, there *rig.Mutant, sid string) error
		want      []string
	}{
		"of what somebody edited": {func(r *rig.Rig, there *rig.Mutant, sid string) error {
			return r.Emulator.EditAs(there.Conversation, sid, "mine")
		}, []string{"one", "two, edited", "three", "mine"}},
		"of what somebody deleted": {func(r *rig.Rig, there *rig.Mutant, sid string) error {
			return r.Emulator.DeleteAs(there.Conversation, sid)
		}, []string{"one", "two, edited", "three"}},
		"of what nobody touched": {func(*rig.Rig, *rig.Mutant, string) error { return nil }, []string{"one", "two, edited", "three", "four, edited"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, m := between(t, emulator.Config{Archive: oneChannel(four...).Archive()})
				pass(t, r, migrate.Complete)
				there := only(t, r)
				sid := messageOf(t, there, "four").SID
				r.Ledger += ".new"
				for n, body := range map[int]string{1: "two, edited", 3: "four, edited"} {
					require.NoError(t, r.Emulator.EditInChannel(rig.SidOf("CH", 0), rig.SidOf("IM", n), body))
				}
				p, failed := &migrate.Pause{}, make(chan error, 2)
				m.do(func(x exchange) bool {
					if reason, _ := p.Reason(); reason != "" && x.edits() {
						failed <- errors.New("it wrote while it was paused")
					}
					if x.edits() && x.Form.Get("Body") == "two, edited" {
						p.Set("lunch")
						time.AfterFunc(time.Hour, func() {
							failed <- c.meanwhile(r, there, sid)
							p.Set("")
						})
					}
					return false
				})
				s, err := r.Migrate(migrate.WithPause(t.Context(), p))
				require.NoError(t, err)
				require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
				require.NoError(t, <-failed)
				require.Equal(t, c.want, bodies(t, r))
			})
		})
	}
}
