package replay_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
)

// altering is a target that keeps other text than it is sent.
var altering = emulator.Unkind{Trim: true, LineEnds: true, NFC: true, Doubles: true}

// odd is a channel whose messages a target may store otherwise, some of them
// the same author's in the same second.
func odd(t *testing.T) fs.FS {
	s := oneChannel("plain", " space ", "line\r\nend", "e\u0301", "big number", " twin", " twin", "last ")
	s.Channels[0].Messages[6].Twin = true
	return rig.WithFile(t, s.Archive(), rig.MessagesPath(0), func(text string) string {
		lines := strings.Split(text, "\n")
		lines[4] = strings.Replace(lines[4], `"attributes":"{}"`, `"attributes":"{\"n\":9007199254740993,\"m\":1.50}"`, 1)
		require.Contains(t, lines[4], "9007199254740993")
		return strings.Join(lines, "\n")
	})
}

func TestMessagesStoredOtherwise(t *testing.T) {
	t.Run("stops the channel at the first message, in every run until a policy decides", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			kept := altering
			kept.Doubles = false // or the attributes of the conversation come first
			r, _ := between(t, emulator.Config{Archive: odd(t), Unkind: kept})
			for range 4 {
				s := pass(t, r, migrate.Partial)
				require.Len(t, s.Failures, 1)
				require.Contains(t, reasons(s), string(mapping.StoredOtherwise))
				require.Contains(t, reasons(s), "--policy "+string(mapping.StoredOtherwise))
				require.Len(t, bodies(t, r), 2, "nothing follows the first that is stored otherwise: %s", reasons(s))
			}
			r.Ledger += ".new"
			for range 3 {
				require.Contains(t, reasons(pass(t, r, migrate.Partial)), string(mapping.StoredOtherwise))
				require.Len(t, bodies(t, r), 2)
			}
			r.Settings.Mapper.Policy = mapping.Policy{mapping.StoredOtherwise: "keep"}
			pass(t, r, migrate.Complete)
			require.Len(t, bodies(t, r), 8)
		})
	})

	for _, landed := range []bool{true, false} {
		for _, ledger := range []string{"", ".new"} {
			t.Run(fmt.Sprintf("with every answer lost once, landed: %v, ledger: %q: each message is there once if what was stored counts", landed, ledger), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r, m := between(t, emulator.Config{Archive: odd(t), Unkind: altering})
					r.Settings.Mapper.Policy = mapping.Policy{mapping.StoredOtherwise: "keep"}
					n := 0
					m.do(func(x exchange) bool {
						if !x.appends("") {
							return false
						}
						if n++; n%2 == 0 {
							return false
						}
						if landed {
							x.commit()
						}
						x.lose()
						return true
					})
					for range 3 {
						pass(t, r, migrate.Complete)
						require.Equal(t, []string{"plain", "space", "line\nend", "\u00e9", "big number", "twin", "twin", "last"}, bodies(t, r))
						r.Ledger += ledger
					}
				})
			})
		}
	}

	t.Run("stops a run after one that was killed before it said so", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r, _ := between(t, emulator.Config{Archive: odd(t), Unkind: emulator.Unkind{Trim: true}})
			r.Settings.Mapper.Policy = mapping.Policy{mapping.StoredOtherwise: "keep"}
			pass(t, r, migrate.Complete)
			r.Ledger += ".new"
			r.Settings.Mapper.Policy = nil
			cutOff(t, r, call{"ledger ForgetMessages", 1}, false)
			for range 2 {
				require.Contains(t, reasons(pass(t, r, migrate.Partial)), string(mapping.StoredOtherwise))
			}
		})
	})

	t.Run("a conversation whose name is kept otherwise is found again", func(t *testing.T) {
		for _, unique := range []bool{false, true} {
			for _, stamped := range []bool{false, true} {
				synctest.Test(t, func(t *testing.T) {
					s := oneChannel("one", "two")
					s.Channels[0].Members, s.Channels[0].Unique = nil, unique
					in := rig.WithFile(t, s.Archive(), "services/"+rig.ScenarioService+"/channels.jsonl", func(text string) string {
						return strings.Replace(text, `"friendly_name":"Channel 0"`, `"friendly_name":" e\u0301 Channel "`, 1)
					})
					kept := altering
					kept.Doubles = stamped // attributes are all that tells conversations without stamps apart
					r, m := between(t, emulator.Config{Archive: in, Unkind: kept})
					r.Settings.Mapper.NoStamp = !stamped
					r.Settings.Mapper.Policy = mapping.Policy{mapping.StoredOtherwise: "keep"}
					lost := false
					m.do(func(x exchange) bool {
						if !x.creates() || lost {
							return false
						}
						lost = true
						x.commit()
						x.lose()
						return true
					})
					for range 2 {
						sum := pass(t, r, migrate.Complete)
						m := rig.In(r, sum.Services[0].TargetSID)
						n := 0
						for c, err := range migrate.WithoutClaim(m.Target).Conversations(t.Context(), m.Service) {
							require.NoError(t, err)
							require.Equal(t, rig.IdentityOf(0)+" one\n"+rig.IdentityOf(1)+" two", inside(t, m, c.SID))
							n++
						}
						require.Equal(t, 1, n)
						r.Settings.ToService = m.Service
						r.Ledger += ".new"
					}
				})
			}
		}
	})
}

// updatedWhenMade lets messages that nobody changed say that they were updated when
// they were made, as a service may.
func updatedWhenMade(all []json.RawMessage) []json.RawMessage {
	for i, raw := range all {
		m := map[string]any{}
		if json.Unmarshal(raw, &m) == nil && m["date_updated"] == nil {
			m["date_updated"] = m["date_created"]
			all[i], _ = json.Marshal(m)
		}
	}
	return all
}

// What the service stored otherwise, and the ledger had no time to note, is said
// to be stored otherwise, and not edited by people: nothing was changed since it
// was written.
func TestStoredOtherwiseAndCrashed(t *testing.T) {
	for _, ledger := range []string{"", ".new"} {
		synctest.Test(t, func(t *testing.T) {
			r, m := between(t, emulator.Config{
				Archive: oneChannel("one ", "two ", "three ", "four ", "five ", "six").Archive(), Latency: 300 * time.Millisecond, Unkind: emulator.Unkind{Trim: true},
			})
			r.Settings.Mapper.Policy = mapping.Policy{mapping.StoredOtherwise: "keep"}
			require.True(t, r.Killed(t, rig.Kill{Write: 15, After: true}))
			there := int64(len(bodies(t, r)))
			require.Greater(t, there, int64(2))
			r.Ledger += ledger
			m.do(func(x exchange) bool { return hide(x, updatedWhenMade) })
			s := pass(t, r, migrate.Complete)
			require.Equal(t, []string{"one", "two", "three", "four", "five", "six"}, bodies(t, r))
			require.EqualValues(t, 2, times(s, mapping.StoredOtherwise), "the first that is found, and the one that is sent")
			require.Zero(t, times(s, mapping.MessageAltered))
			again := pass(t, r, migrate.Complete)
			require.Zero(t, times(again, mapping.StoredOtherwise)+times(again, mapping.MessageAltered), "once")
		})
	}
}
