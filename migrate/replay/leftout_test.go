package replay_test

import (
	"fmt"
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
	"chatbridge/migrate/sqlite"
)

// A message that was sent without an answer, and then left out because it was refused,
// is none that was deleted in the target when the conversation is read back. If it
// landed meanwhile, it is ours.
func TestLeftOutInDoubtIsReadBack(t *testing.T) {
	for _, lands := range []bool{false, true} {
		for _, beside := range []string{"nothing else", "a message that only REST can have written", "another that was deleted"} {
			t.Run(fmt.Sprintf("it lands: %v, beside %s", lands, beside), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r, m := between(t, emulator.Config{Archive: oneChannel(four...).Archive(), Unkind: emulator.Unkind{IndexGaps: -1}})
					r.Settings.Mapper.Policy = mapping.Policy{mapping.MessageRefused: "skip"}
					var land func() emulator.Reply
					sent, wrote := 0, false
					deleted := strings.Contains(beside, "deleted")
					stray := strings.Contains(beside, "REST")
					m.do(func(x exchange) bool {
						switch {
						case x.appends("two"):
							if sent++; sent == 1 {
								land = x.commit
								x.lose()
							}
							emulator.Refusal(400, 50999, "no").WriteTo(x.w)
							return true
						case x.appends("three") && lands:
							require.Equal(t, 201, land().Status)
						case x.appends("four"):
							reply := x.commit()
							wrote = true
							if stray {
								x.aside(func() {
									only(t, r).Put(t, conversations.Message{Author: rig.IdentityOf(0), Body: "stray", DateCreated: rig.ScenarioStart.Add(time.Hour)})
								})
							}
							if deleted {
								x.aside(func() { deletes("one")(t, r) })
							}
							reply.WriteTo(x.w)
							return true
						}
						return false
					})
					s := pass(t, r, migrate.Complete)
					require.True(t, wrote)
					want := []string{"one", "three", "four"}
					if lands {
						want = four
					}
					if deleted {
						want = want[1:]
						require.EqualValues(t, 1, times(s, mapping.MessageDeleted))
					} else {
						require.Zero(t, times(s, mapping.MessageDeleted))
					}
					if stray {
						want = append(want[:len(want):len(want)], "stray")
						require.NotZero(t, times(s, mapping.MessageAltered))
					}
					require.Equal(t, want, bodies(t, r))
					require.Equal(t, !lands, len(doubts(t, r)) == 1)
					l, err := sqlite.OpenReader(t.Context(), r.Ledger)
					require.NoError(t, err)
					defer func() { require.NoError(t, l.Close()) }()
					rec, known, err := l.AtOrBelow(t.Context(), rig.SidOf("CH", 0), 1)
					require.NoError(t, err)
					require.True(t, known)
					require.Equal(t, lands, rec.SourceIndex == 1)
				})
			})
		}
	}
}
