package replay_test

import (
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
)

// lateAtReadBack is a run that appends messages of today, of which those in again
// are sent twice. When the conversation is read back, somebody has edited what was
// sent second, and of what was sent first the last one lands.
func lateAtReadBack(t *testing.T, fresh, again []string, late func(r *rig.Rig, sids []string)) *rig.Rig {
	r, m := between(t, emulator.Config{Archive: oneChannel(four...).Archive(), Unkind: emulator.Unkind{IndexGaps: -1}})
	pass(t, r, migrate.Complete)
	var sids []string
	for _, body := range fresh {
		sid, err := r.Emulator.AppendToChannel(rig.SidOf("CH", 0), rig.IdentityOf(0), body)
		require.NoError(t, err)
		sids = append(sids, sid)
	}
	there := only(t, r)
	last := fresh[len(fresh)-1]
	var land func() emulator.Reply
	sent := map[string]int{}
	m.do(func(x exchange) bool {
		body := x.Form.Get("Body")
		switch {
		case x.appends(""):
			sent[body]++
			if count(again, body) == 1 && sent[body] == 1 {
				land = x.commit
				x.lose()
			}
		case x.lists() && land != nil && sent[last] == 1+count(again, last):
			lands := land
			land = nil
			x.aside(func() {
				for _, body := range again {
					require.NoError(t, r.Emulator.EditAs(there.Conversation, messageOf(t, there, body).SID, body+", edited"))
				}
			})
			if late != nil {
				late(r, sids)
			}
			lands()
		}
		return false
	})
	pass(t, r, migrate.Complete)
	require.Nil(t, land)
	m.rest()
	return r
}

// Of the source the read-back looks at what is in doubt: that tells what landed late
// from what people wrote, though the message in its place says something else by now.
func TestReadBackKnowsWhatIsInDoubt(t *testing.T) {
	for name, c := range map[string]struct {
		fresh, again, want []string
		late               func(r *rig.Rig, sids []string)
	}{
		"one": {
			fresh: []string{"five", "six"}, again: []string{"five"},
			want: []string{"five, edited", "six"},
		},
		"two in a row": {
			fresh: []string{"five", "six", "seven"}, again: []string{"five", "six"},
			want: []string{"five, edited", "six, edited", "seven"},
		},
		"the last one, after one that was deleted in the source since": {
			fresh: []string{"five", "six"}, again: []string{"five", "six"},
			want: []string{"five, edited", "six, edited"},
			late: func(r *rig.Rig, sids []string) {
				require.NoError(t, r.Emulator.DeleteInChannel(rig.SidOf("CH", 0), sids[0]))
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := lateAtReadBack(t, c.fresh, c.again, c.late)
				require.Equal(t, append(four[:4:4], c.want...), bodies(t, r))
			})
		})
	}
}

// The source that cannot be read when the conversation is read back stops the run.
func TestReadBackThatCannotReadTheSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := &migrate.Error{Op: "read messages", Kind: migrate.Credentials, Err: errors.New("no more")}
		reads := 0
		for at := 0; ; at = reads {
			r := littleRig(t, little(t))
			c := &calls{before: func(one call) error {
				switch one {
				case call{"target AppendMessage", 1}:
					return inDoubt("append message")
				case call{"source Messages", at}:
					return broken
				}
				return nil
			}}
			_, err := c.run(t.Context(), t, r)
			if at > 0 {
				require.ErrorIs(t, err, broken)
				carried(t, r, at)
				return
			}
			require.NoError(t, err)
			require.Len(t, doubts(t, r), 1)
			reads = c.times("source Messages")
		}
	})
}

// A message that was sent without an answer, refused when it was sent again, and left
// out by a policy, is there all the same, and the source edits it. It is noted when it
// is as it should be, and is in doubt until then.
func TestReadBackThatCannotBringUpToDate(t *testing.T) {
	for name, kill := range map[string]bool{"because it is refused": false, "because the run is killed": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, m := between(t, emulator.Config{Archive: oneChannel(four...).Archive(), Unkind: emulator.Unkind{IndexGaps: -1}})
				r.Settings.Mapper.Policy = mapping.Policy{mapping.MessageRefused: "skip"}
				sent := 0
				var land func() emulator.Reply
				refused := false
				m.do(func(x exchange) bool {
					switch {
					case x.appends("three"):
						if sent++; sent == 1 {
							land = x.commit
							x.lose()
							return true
						}
						land()
						emulator.Refusal(400, 50999, "no").WriteTo(x.w)
						return true
					case x.appends("four"):
						require.NoError(t, r.Emulator.EditInChannel(rig.SidOf("CH", 0), rig.SidOf("IM", 2), "three, edited"))
					case x.edits() && !kill:
						refused = true
						emulator.Refusal(400, 50999, "no").WriteTo(x.w)
						return true
					}
					return false
				})
				if kill {
					cutOff(t, r, call{"target SetMessage", 1}, false)
				} else {
					pass(t, r, migrate.Partial)
					require.True(t, refused)
				}
				require.Len(t, doubts(t, r), 1, "it is still to be looked for")
				m.rest()
				pass(t, r, migrate.Complete)
				require.Equal(t, []string{"one", "two", "three, edited", "four"}, bodies(t, r))
				require.Empty(t, doubts(t, r))
				equalNow(t, r)
			})
		})
	}
}

// The same, if the read-back cannot end: nothing is noted, and all is found again.
func TestReadBackThatCannotEnd(t *testing.T) {
	for name, c := range map[string]struct {
		third  string
		lands  int // times
		unkind emulator.Unkind
		then   mapping.Choice // what a policy says of the text later
		want   string
	}{
		"because a copy stays":              {"three", 2, emulator.Unkind{IndexGaps: -1}, "", "three"},
		"because what is stored is another": {" three ", 1, emulator.Unkind{IndexGaps: -1, Trim: true}, "keep", "three"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, m := between(t, emulator.Config{Archive: oneChannel("one", "two", c.third, "four").Archive(), Unkind: c.unkind})
				r.Settings.Mapper.Policy = mapping.Policy{mapping.MessageRefused: "skip"}
				sent := 0
				var land func() emulator.Reply
				m.do(func(x exchange) bool {
					switch {
					case x.appends(c.third):
						if sent++; sent == 1 {
							land = x.commit
							x.lose()
							return true
						}
						for range c.lands {
							land()
						}
						emulator.Refusal(400, 50999, "no").WriteTo(x.w)
						return true
					case x.Method == http.MethodDelete && len(x.Path) == 7:
						emulator.Refusal(400, 50999, "no").WriteTo(x.w)
						return true
					}
					return false
				})
				for range 2 {
					pass(t, r, migrate.Partial)
					require.Len(t, doubts(t, r), 1)
					rig.In(r, "").InLedger(t, func(l migrate.Ledger) {
						at, _, err := l.AtOrBelow(t.Context(), rig.SidOf("CH", 0), 2)
						require.NoError(t, err)
						require.EqualValues(t, 1, at.SourceIndex)
					})
				}
				m.rest()
				if c.then != "" {
					r.Settings.Mapper.Policy[mapping.StoredOtherwise] = c.then
				}
				pass(t, r, migrate.Complete)
				require.Equal(t, []string{"one", "two", c.want, "four"}, bodies(t, r))
				require.Empty(t, doubts(t, r))
			})
		})
	}
}

// A copy that lands while the run is paused is seen before the run ends.
func TestReadBackLooksAfterAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, m := between(t, emulator.Config{Archive: oneChannel(four...).Archive(), Unkind: emulator.Unkind{IndexGaps: -1}})
		var land func() emulator.Reply
		p, paused := &migrate.Pause{}, false
		m.do(func(x exchange) bool {
			switch {
			case x.appends("three") && land == nil:
				land = x.commit
				x.lose()
				return true
			case !paused && x.Write() && len(x.Path) == 5 && x.Form.Has("DateUpdated") && !x.Form.Has("Attributes"): // the dates, last
				paused = true
				p.Set("lunch")
				time.AfterFunc(time.Hour, func() {
					land()
					p.Set("")
				})
			}
			return false
		})
		s, err := r.Migrate(migrate.WithPause(t.Context(), p))
		require.NoError(t, err)
		require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
		require.GreaterOrEqual(t, s.Duration, time.Hour.Seconds())
		m.rest()
		require.Equal(t, four, bodies(t, r))
	})
}
