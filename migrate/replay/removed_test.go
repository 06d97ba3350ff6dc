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

// withCopy is a migration that is done, and beside one of whose messages a copy
// landed afterwards; and one message is new in the source.
func withCopy(t *testing.T) (*rig.Rig, *middle, string) {
	t.Helper()
	r, m := between(t, emulator.Config{Archive: oneChannel(four...).Archive(), Unkind: emulator.Unkind{IndexGaps: -1}})
	var land func() emulator.Reply
	m.do(func(x exchange) bool {
		if land == nil && x.appends("three") {
			land = x.commit
			x.lose()
		}
		return false
	})
	pass(t, r, migrate.Complete)
	m.rest()
	land()
	_, err := r.Emulator.AppendToChannel(rig.SidOf("CH", 0), rig.IdentityOf(0), "five")
	require.NoError(t, err)
	all := only(t, r).Messages(t)
	require.Equal(t, "three", all[4].Body)
	return r, m, all[4].SID
}

// Between the list and the request that removes a copy, things may happen to it.
func TestCopyIsLookedAtBeforeItGoes(t *testing.T) {
	for name, c := range map[string]struct {
		does func(t *testing.T, r *rig.Rig, sid string, drain chan struct{})
		want []string
	}{
		"nothing happens": {func(*testing.T, *rig.Rig, string, chan struct{}) {}, append(four[:4:4], "five")},
		"somebody edits it": {func(t *testing.T, r *rig.Rig, sid string, _ chan struct{}) {
			require.NoError(t, r.Emulator.EditAs(only(t, r).Conversation, sid, "mine"))
		}, append(four[:4:4], "mine")},
		"somebody deletes it": {func(t *testing.T, r *rig.Rig, sid string, _ chan struct{}) {
			require.NoError(t, r.Emulator.DeleteAs(only(t, r).Conversation, sid))
		}, append(four[:4:4], "five")},
		"the run is told to stop": {func(_ *testing.T, _ *rig.Rig, _ string, drain chan struct{}) {
			close(drain)
		}, append(four[:4:4], "three")},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, m, sid := withCopy(t)
				drain, done := make(chan struct{}), false
				m.do(func(x exchange) bool {
					if !done && x.fetches() {
						done = true
						x.aside(func() { c.does(t, r, sid, drain) })
					}
					return false
				})
				s := ran(t, t.Context(), r, drain)
				require.True(t, done)
				m.rest()
				require.Equal(t, c.want, bodies(t, r), "%s %s", s.Status, reasons(s))
			})
		})
	}
}

// A run that is told to stop gives no message its new text.
func TestNoEditAfterADrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, m := between(t, emulator.Config{Archive: oneChannel(four...).Archive()})
		pass(t, r, migrate.Complete)
		r.Ledger += ".new"
		for n := range 2 {
			require.NoError(t, r.Emulator.EditInChannel(rig.SidOf("CH", 0), rig.SidOf("IM", n), "edited"))
		}
		drain, edits := make(chan struct{}), 0
		m.do(func(x exchange) bool {
			if x.edits() {
				if edits++; edits == 1 {
					close(drain)
				}
			}
			return false
		})
		require.Equal(t, migrate.InterruptedStatus, ran(t, t.Context(), r, drain).Status)
		require.Equal(t, 1, edits)
		m.rest()
		pass(t, r, migrate.Complete)
		require.Equal(t, []string{"edited", "edited", "three", "four"}, bodies(t, r))
	})
}

// What was lost and found again is in doubt no more: nothing is read once more for it.
func TestFoundIsInDoubtNoMore(t *testing.T) {
	for _, lost := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			r := littleRig(t, little(t))
			c := &calls{}
			if lost {
				c.after = firstOf("target AppendMessage", inDoubt("append message"))
			}
			_, err := c.run(t.Context(), t, r)
			require.NoError(t, err)
			require.Equal(t, 1, c.times("ledger Doubts"), "one lane")
			require.Empty(t, doubts(t, r))
		})
	}
}

// Each message that is asked for by its SID is progress, however long it takes.
func TestFetchesThatTakeLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, m := between(t, emulator.Config{Archive: oneChannel(four...).Archive()})
		r.Settings.Watchdog = 20 * time.Second
		fetched := 0
		m.do(func(x exchange) bool {
			switch {
			case x.appends("four"):
				reply := x.commit()
				x.aside(func() {
					there := only(t, r)
					for _, body := range four[:3] {
						require.NoError(t, r.Emulator.DeleteAs(there.Conversation, messageOf(t, there, body).SID))
					}
				})
				reply.WriteTo(x.w)
				return true
			case x.fetches():
				fetched++
				x.aside(func() { time.Sleep(15 * time.Second) })
			}
			return false
		})
		s := pass(t, r, migrate.Complete)
		require.EqualValues(t, 3, times(s, mapping.MessageDeleted))
		require.Equal(t, 3, fetched)
	})
}

// Whatever cannot be read or noted while the conversation is read back ends the run.
func TestReadBackOfDeletedMessagesThatBreaks(t *testing.T) {
	for _, name := range []string{"ledger AtOrBelow", "ledger PutMessage", "target Message"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				broken := &migrate.Error{Op: "ask", Kind: migrate.Credentials, Err: fmt.Errorf("%s broke", name)}
				last := 0
				for at := 0; ; at = last {
					r := littleRig(t, little(t))
					c := &calls{before: func(one call) error {
						if one == (call{name, at}) {
							return broken
						}
						return nil
					}}
					c.after = func(one call) error {
						if one == (call{"target AppendMessage", 2}) {
							deletes("one")(t, r)
						}
						return nil
					}
					s, err := c.run(t.Context(), t, r)
					if at > 0 {
						require.ErrorIs(t, err, broken)
						return
					}
					require.NoError(t, err)
					require.EqualValues(t, 1, times(s, mapping.MessageDeleted))
					last = c.times(name)
					require.Positive(t, last)
					if name == "ledger AtOrBelow" {
						last = 1 // horizons ask too, and later
					}
				}
			})
		})
	}
}
