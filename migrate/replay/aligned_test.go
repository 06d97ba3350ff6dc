package replay_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/replay"
)

// A run that died when all was written left nothing in doubt.
func TestNothingIsInDoubtBehindTheLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := littleRig(t, little(t))
		cutOff(t, r, call{"target AppendMessage", 2}, true)
		carried(t, r, "again")
		require.Empty(t, doubts(t, r))
	})
}

// What is in doubt is behind the last message that is there, whichever run wrote that.
func TestInDoubtBehindTheLastThatIsThere(t *testing.T) {
	for name, known := range map[string]int64{"the first": migrate.All, "the one behind those that the ledger does not have": 0} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, m := between(t, emulator.Config{Archive: oneChannel(four...).Archive(), Unkind: emulator.Unkind{IndexGaps: -1}})
				want := migrate.DoubtRecord{SourceIndex: 0, After: -1, Sends: 1}
				if known == 0 {
					refuses := func(x exchange) bool {
						if x.appends("four") {
							emulator.Refusal(400, 20001, "no").WriteTo(x.w)
						}
						return x.appends("four")
					}
					m.do(refuses)
					pass(t, r, migrate.Partial)
					forget(t, r, known)
					want = migrate.DoubtRecord{SourceIndex: 3, After: messageOf(t, only(t, r), "three").Index, Sends: 1}
				}
				sent := 0
				m.do(func(x exchange) bool {
					if !x.appends("") {
						return false
					}
					if sent++; sent == 1 {
						x.lose()
					}
					emulator.Refusal(400, 20001, "no").WriteTo(x.w)
					return true
				})
				pass(t, r, migrate.Partial)
				all := doubts(t, r)
				i := slices.IndexFunc(all, func(d migrate.DoubtRecord) bool { return d.SourceIndex == want.SourceIndex })
				require.NotEqual(t, -1, i)
				require.Equal(t, want.After, all[i].After)
				m.rest()
				pass(t, r, migrate.Complete)
				require.Equal(t, four, bodies(t, r))
			})
		})
	}
}

// What was edited in the source since it was written is brought up to date before the
// next message follows.
func TestEditsComeBeforeTheNextMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rig.NewRig(t, emulator.Config{Archive: oneChannel(four...).Archive()})
		cutOff(t, r, call{"target AppendMessage", 3}, true)
		require.NoError(t, r.Emulator.EditInChannel(rig.SidOf("CH", 0), rig.SidOf("IM", 1), "two, edited"))
		r.Ledger += ".new"
		var ledger migrate.Ledger
		c := &calls{before: func(one call) error {
			if one.name == "target AppendMessage" {
				newest, _, err := ledger.Newest(t.Context(), rig.SidOf("CH", 0))
				require.NoError(t, err)
				require.EqualValues(t, 2, newest.SourceIndex, "what is there is noted")
			}
			return nil
		}}
		s, err := c.run(t.Context(), t, r, func(m *replay.Migration) { ledger = m.Ledger })
		require.NoError(t, err)
		require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
		writes := strings.Join(writesOf(c), " ")
		require.Contains(t, writes, "SetMessage AppendMessage ")
		require.Equal(t, 1, c.times("target AppendMessage"))
		require.Equal(t, []string{"one", "two, edited", "three", "four"}, bodies(t, r))
	})
}

// A copy that may not be looked at ends the lane before anything follows it.
func TestCopyThatMayNotBeLookedAt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, m, _ := withCopy(t)
		m.do(func(x exchange) bool {
			if x.fetches() {
				emulator.Refusal(400, 20001, "no").WriteTo(x.w)
			}
			return x.fetches()
		})
		s := pass(t, r, migrate.Partial)
		require.Contains(t, reasons(s), "20001")
		m.rest()
		require.NotContains(t, bodies(t, r), "five")
		pass(t, r, migrate.Complete)
		require.Equal(t, append(four[:4:4], "five"), bodies(t, r))
	})
}

// A copy that goes from a conversation into which nothing is written goes when push
// notifications are off.
func TestCopyGoesWithoutAPush(t *testing.T) {
	for _, body := range []string{"one", "three"} {
		copyGoesWithoutAPush(t, body)
	}
}

func copyGoesWithoutAPush(t *testing.T, body string) {
	synctest.Test(t, func(t *testing.T) {
		r, m := between(t, emulator.Config{Archive: oneChannel(four...).Archive()})
		var land func() emulator.Reply
		m.do(func(x exchange) bool {
			if land == nil && x.appends(body) {
				land = x.commit
				x.lose()
			}
			return false
		})
		pass(t, r, migrate.Complete)
		m.rest()
		land()
		time.Sleep(time.Minute)
		c := &calls{}
		s, err := c.run(t.Context(), t, r)
		require.NoError(t, err)
		require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
		writes := writesOf(c)
		goes := slices.Index(writes, "DeleteMessage")
		require.NotEqual(t, -1, goes)
		require.Contains(t, writes[:goes], "SetNotifications")
		require.Equal(t, four, bodies(t, r))
	})
}

// What is equal to a message in its place, be it the first, and was written with its
// date, is a copy of it, though no send of it was in doubt.
func TestCopyThatNobodyDoubted(t *testing.T) {
	for _, body := range []string{"one", "two"} {
		synctest.Test(t, func(t *testing.T) {
			r, m := between(t, emulator.Config{Archive: oneChannel(four...).Archive()})
			put := false
			m.do(func(x exchange) bool {
				if !x.appends("four") || put {
					return false
				}
				put = true
				reply := x.commit()
				x.aside(func() {
					there := only(t, r)
					one := messageOf(t, there, body)
					there.Put(t, conversations.Message{Author: one.Author, Body: one.Body, Attributes: one.Attributes, DateCreated: one.DateCreated})
				})
				reply.WriteTo(x.w)
				return true
			})
			s := pass(t, r, migrate.Complete)
			require.True(t, put)
			require.Zero(t, times(s, mapping.MessageAltered))
			require.Equal(t, 1, said(r, "removed a copy that landed late"))
			require.Equal(t, four, bodies(t, r))
		})
	}
}

// A message that was left out, and that lands before the conversation is read back, has
// the text that the source has by then.
func TestEditOfWhatLandedAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, m := between(t, emulator.Config{Archive: oneChannel("one", "two").Archive(), Unkind: emulator.Unkind{IndexGaps: -1}})
		r.Settings.Mapper.Policy = mapping.Policy{mapping.MessageRefused: "skip"}
		var land func() emulator.Reply
		refused, landed := false, false
		m.do(func(x exchange) bool {
			switch {
			case x.appends("two") && land == nil:
				land = x.commit
				x.lose()
			case x.appends("two"):
				refused = true
				html(403).WriteTo(x.w)
				return true
			case x.lists() && refused && !landed:
				landed = true
				require.NoError(t, r.Emulator.EditInChannel(rig.SidOf("CH", 0), rig.SidOf("IM", 1), "two, edited"))
				land()
			}
			return false
		})
		pass(t, r, migrate.Complete)
		require.True(t, landed)
		m.rest()
		require.Equal(t, []string{"one", "two, edited"}, bodies(t, r))
	})
}
