package replay_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
)

// What may be a copy of ours is said once a run, however often the conversation is
// read in it, and what people wrote is not said at all.
func TestMayBeCopyIsSaidOnce(t *testing.T) {
	for _, c := range []struct {
		early, hidden bool
		during        string
	}{{true, false, ""}, {false, false, "newest"}, {false, true, "newest"}, {false, true, "newer"}} {
		early := c.early
		t.Run(fmt.Sprintf("there before the first look: %v, or while %q is written, and the first list at the end lacks what was written: %v", early, c.during, c.hidden), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, m := between(t, emulator.Config{Archive: oneChannel(four...).Archive(), Unkind: emulator.Unkind{IndexGaps: -1}})
				pass(t, r, migrate.Complete)
				there := only(t, r)
				_, err := r.Emulator.PostAs(there.Conversation, rig.IdentityOf(1), "hello")
				require.NoError(t, err)
				_, err = r.Emulator.AppendToChannel(rig.SidOf("CH", 0), rig.IdentityOf(0), "new")
				require.NoError(t, err)
				require.Zero(t, times(pass(t, r, migrate.Complete), mapping.MessageCopy))
				ours := messageOf(t, there, "new")
				again := func() {
					there.Put(t, conversations.Message{Author: ours.Author, Body: ours.Body, Attributes: ours.Attributes, DateCreated: ours.DateCreated})
				}
				if early {
					again()
				}
				for _, body := range []string{"newer", "newest"} {
					_, err = r.Emulator.AppendToChannel(rig.SidOf("CH", 0), rig.IdentityOf(0), body)
					require.NoError(t, err)
				}
				wrote, lists := false, 0
				m.do(func(x exchange) bool {
					if x.lists() && wrote {
						lists++
						return c.hidden && lists == 1 && hideBody(x, "newer")
					}
					if !early && x.appends(c.during) {
						x.aside(again)
					}
					if x.appends("newest") {
						wrote = true
					}
					return false
				})
				s := pass(t, r, migrate.Complete)
				require.True(t, wrote)
				if c.hidden {
					require.Equal(t, 2, lists)
				}
				require.EqualValues(t, 1, times(s, mapping.MessageCopy))
				require.Zero(t, times(s, mapping.MessageAltered))
				m.rest()
				require.Len(t, bodies(t, r), 9)
			})
		})
	}
}

// Without a ledger any message may be ours: one of an author and a second of ours, that
// says something else, may be a copy. A ledger says that it is not.
func TestMayBeCopyWithoutALedger(t *testing.T) {
	for _, c := range []struct {
		ledger string
		more   bool
		want   int64
	}{{"", true, 0}, {"", false, 0}, {".new", true, 1}, {".new", false, 1}} {
		synctest.Test(t, func(t *testing.T) {
			r, _ := between(t, emulator.Config{Archive: oneChannel(four...).Archive(), Unkind: emulator.Unkind{IndexGaps: -1}})
			pass(t, r, migrate.Complete)
			there := only(t, r)
			for _, body := range []string{"new", "newer"} {
				_, err := r.Emulator.AppendToChannel(rig.SidOf("CH", 0), rig.IdentityOf(0), body)
				require.NoError(t, err)
				time.Sleep(time.Hour)
			}
			pass(t, r, migrate.Complete)
			ours := messageOf(t, there, "new")
			there.Put(t, conversations.Message{Author: ours.Author, Body: "hello", Attributes: "{}", DateCreated: ours.DateCreated})
			if c.more {
				_, err := r.Emulator.AppendToChannel(rig.SidOf("CH", 0), rig.IdentityOf(1), "newest")
				require.NoError(t, err)
				time.Sleep(time.Hour)
			}
			r.Settings.ToService = there.Service
			r.Ledger += c.ledger
			require.Equal(t, c.want, times(pass(t, r, migrate.Complete), mapping.MessageCopy), "%+v", c)
		})
	}
}
