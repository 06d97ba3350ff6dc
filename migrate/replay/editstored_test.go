package replay_test

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
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
