package replay_test

import (
	"errors"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/replay"
)

// The conversation is read back twice if the first list lacks a message that this run
// wrote. What only the first list shows, of what was in doubt, is noted all the same.
func TestWhatOneOfTwoReadingsShows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, m := between(t, emulator.Config{Archive: oneChannel(four...).Archive(), Unkind: emulator.Unkind{IndexGaps: -1}})
		r.Settings.Mapper.Policy = mapping.Policy{mapping.MessageRefused: "skip"}
		var land func() emulator.Reply
		wrote, lists := false, 0
		m.do(func(x exchange) bool {
			switch {
			case x.appends("two") && land == nil:
				land = x.commit
				x.lose()
			case x.appends("two"):
				emulator.Refusal(400, 50999, "no").WriteTo(x.w)
				return true
			case x.appends("three"):
				require.Equal(t, 201, land().Status)
			case x.appends("four"):
				wrote = true
			case x.lists() && wrote:
				lists++
				switch lists {
				case 1:
					return hideBody(x, "three")
				case 2:
					return hideBody(x, "two")
				}
			}
			return false
		})
		pass(t, r, migrate.Complete)
		require.GreaterOrEqual(t, lists, 2)
		m.rest()
		require.Equal(t, four, bodies(t, r))
		require.Empty(t, doubts(t, r))
		rig.In(r, "").InLedger(t, func(l migrate.Ledger) {
			at, known, err := l.AtOrBelow(t.Context(), rig.SidOf("CH", 0), 1)
			require.NoError(t, err)
			require.True(t, known)
			require.EqualValues(t, 1, at.SourceIndex)
		})
		equalNow(t, r)
	})
}

// If no edit waits, each record is noted as it is read: one reading is enough, however
// few may be held.
func TestNothingIsHeldWithoutAnEdit(t *testing.T) {
	readings := map[int]int{}
	for _, most := range []int{1, 100} {
		synctest.Test(t, func(t *testing.T) {
			replay.HoldAtMost(t, most)
			r, _ := between(t, emulator.Config{Archive: oneChannel(four...).Archive()})
			pass(t, r, migrate.Complete)
			r.Ledger += ".new"
			c := &calls{}
			s, err := c.run(t.Context(), t, r)
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
			readings[most] = c.times("target Messages")
		})
	}
	require.Equal(t, readings[100], readings[1])
}

// A ledger that does not take what waited for an edit ends the run, and the next run
// comes to the same point.
func TestHeldAndNotNoted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _ := between(t, emulator.Config{Archive: oneChannel(four...).Archive()})
		pass(t, r, migrate.Complete)
		r.Ledger += ".new"
		require.NoError(t, r.Emulator.EditInChannel(rig.SidOf("CH", 0), rig.SidOf("IM", 1), "two, edited"))
		full := errors.New("disk full")
		c := &calls{before: func(one call) error {
			if one == (call{"ledger PutMessage", 2}) {
				return full
			}
			return nil
		}}
		_, err := c.run(t.Context(), t, r)
		require.ErrorIs(t, err, full)
		require.Equal(t, 1, c.times("target SetMessage"), "the edit came first")
		pass(t, r, migrate.Complete)
		require.Equal(t, []string{"one", "two, edited", "three", "four"}, bodies(t, r))
		equalNow(t, r)
	})
}

// A read-back that finds more of what was in doubt than may be held reads again, until
// all of it is noted.
func TestReadBackOfMoreThanIsHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		replay.HoldAtMost(t, 1)
		all := []string{"one", "two", "three", "four", "five", "six", "seven"}
		r, m := between(t, emulator.Config{Archive: oneChannel(all...).Archive(), Unkind: emulator.Unkind{IndexGaps: -1}})
		r.Settings.Mapper.Policy = mapping.Policy{mapping.MessageRefused: "skip"}
		var late []func() emulator.Reply
		sent := map[string]bool{}
		m.do(func(x exchange) bool {
			body := x.Form.Get("Body")
			switch {
			case x.appends("seven"):
				for _, land := range late {
					require.Equal(t, 201, land().Status)
				}
				return false
			case !x.appends("") || body == "one":
				return false
			case !sent[body]:
				sent[body], late = true, append(late, x.commit)
				x.lose()
			}
			emulator.Refusal(400, 50999, "no").WriteTo(x.w)
			return true
		})
		pass(t, r, migrate.Complete)
		require.Len(t, late, 5)
		m.rest()
		require.Equal(t, all, bodies(t, r))
		require.Empty(t, doubts(t, r))
		equalNow(t, r)
	})
}

// What stands in the place of a message that was refused is said by a run that finds
// it there, too: the run that sent it may not have lived to say so.
func TestWhatStandsInItsPlaceIsSaidAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, m := between(t, emulator.Config{Archive: oneChannel(four...).Archive()})
		r.Settings.Mapper.Policy = mapping.Policy{mapping.MessageRefused: "placeholder"}
		m.do(func(x exchange) bool {
			if x.appends("two") {
				html(403).WriteTo(x.w)
			}
			return x.appends("two")
		})
		require.EqualValues(t, 1, times(pass(t, r, migrate.Complete), mapping.MessageRefused))
		r.Ledger += ".new"
		require.EqualValues(t, 1, times(pass(t, r, migrate.Complete), mapping.MessageRefused))
	})
}
