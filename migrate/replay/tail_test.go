package replay_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/sqlite"
)

// hideNewest answers lists of messages of a conversation without the newest
// ones, as a replica does that lags.
func hideNewest(x exchange, n int) bool {
	return hide(x, func(all []json.RawMessage) []json.RawMessage {
		if x.Query.Get("Order") == "desc" {
			return all[min(n, len(all)):]
		}
		return all[:max(0, len(all)-n)]
	})
}

// hideBody answers them without those of a body.
func hideBody(x exchange, body string) bool {
	return hide(x, func(all []json.RawMessage) []json.RawMessage {
		return slices.DeleteFunc(all, func(raw json.RawMessage) bool { return strings.Contains(string(raw), `"`+body+`"`) })
	})
}

func hide(x exchange, from func([]json.RawMessage) []json.RawMessage) bool {
	if x.Write() || len(x.Path) != 6 || x.Path[5] != "Messages" {
		return false
	}
	reply := x.commit()
	var page map[string]json.RawMessage
	records := []json.RawMessage{}
	if json.Unmarshal(reply.Body, &page) == nil && json.Unmarshal(page["messages"], &records) == nil {
		page["messages"], _ = json.Marshal(from(records)) // they were JSON before
		reply.Body, _ = json.Marshal(page)
	}
	reply.WriteTo(x.w)
	return true
}

// One reading of the target that lacks its newest messages neither doubles nor
// reorders them.
func TestStaleTail(t *testing.T) {
	numbers := make([]string, 12)
	for i := range numbers {
		numbers[i] = fmt.Sprint("message ", i)
	}
	for _, hidden := range []int{1, 3} {
		for _, stale := range []int{1} {
			for _, lost := range []bool{false, true} {
				t.Run(fmt.Sprintf("after a crash: %d hidden from the first %d readings; ledger lost: %v", hidden, stale, lost), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						r, m := between(t, emulator.Config{Archive: oneChannel(numbers...).Archive(), Latency: 300 * time.Millisecond, Unkind: emulator.Unkind{IndexGaps: -1}})
						require.True(t, r.Killed(t, rig.Kill{Write: 20, After: true}))
						if lost {
							r.Ledger += ".new"
						}
						var readings atomic.Int64
						first := int64(0)
						if lost {
							first = 1 // tells whose the conversation is
						}
						m.do(func(x exchange) bool {
							if x.Write() || len(x.Path) != 6 || x.Path[5] != "Messages" || x.Query.Get("PageSize") == "1" {
								return false
							}
							n := readings.Add(1)
							return n > first && n <= first+int64(stale) && hideNewest(x, hidden)
						})
						for run := 0; ; run++ {
							require.Less(t, run, 3)
							s, err := r.Migrate(t.Context())
							if err == nil && s.Status == migrate.Complete {
								break
							}
							t.Log(err, reasons(s))
						}
						require.Greater(t, readings.Load(), first+int64(stale))
						require.NotContains(t, r.Events.Messages(), "removed a copy that landed late")
						require.Equal(t, numbers, bodies(t, r))
						equalNow(t, r)
					})
				})
			}
		}
	}

	t.Run("no reading before the next write shows them: they are removed at the end", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r, m := between(t, emulator.Config{Archive: oneChannel(numbers...).Archive()})
			require.True(t, r.Killed(t, rig.Kill{Write: 20, After: true}))
			before := len(bodies(t, r))
			require.Greater(t, before, 6)
			forget(t, r, 2)
			wrote := false
			m.do(func(x exchange) bool {
				if x.appends("") {
					wrote = true
				}
				return !x.Write() && x.Path[len(x.Path)-1] == "Messages" && !wrote && (x.Query.Get("Order") != "asc" || x.Query.Get("PageSize") != "1") && hideNewest(x, before-3)
			})
			s, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
			require.Equal(t, before-3, said(r, "removed a copy that landed late"))
			require.Equal(t, numbers, bodies(t, r))
			equalNow(t, r)
		})
	})

	t.Run("the list lags less than the settle time", func(t *testing.T) {
		for seed := range 2 {
			synctest.Test(t, func(t *testing.T) {
				r, _ := between(t, emulator.Config{Archive: oneChannel(numbers...).Archive(), Unkind: emulator.Unkind{
					Seed: uint64(seed + 1), Lag: 6 * time.Second, Lists: []string{"messages"},
				}})
				r.Killed(t, rig.Kill{Write: 14 + 2*seed, After: seed%2 == 0})
				for run := 0; ; run++ {
					require.Less(t, run, 3)
					s, err := r.Migrate(t.Context())
					if err == nil && s.Status == migrate.Complete {
						break
					}
					t.Log(err, reasons(s))
				}
				require.Equal(t, strings.Join(numbers, "\n"), strings.Join(bodiesLater(t, r), "\n"))
			})
		}
	})
}

// bodiesLater reads when no list lags any more.
func bodiesLater(t *testing.T, r *rig.Rig) []string {
	time.Sleep(time.Minute)
	return bodies(t, r)
}

// A list of conversations that is late when a ledger was lost must not make them
// again.
func TestStaleConversations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lists := 0
		r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(3).Archive(), Intercept: func(w http.ResponseWriter, _ *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
			reply := commit()
			if !x.Write() && x.Host == emulator.ConversationsHost && len(x.Path) == 4 && x.Path[3] == "Conversations" {
				if lists++; lists == 2 { // the first one proves the service
					var all map[string]any
					require.NoError(t, json.Unmarshal(reply.Body, &all))
					all["conversations"] = []any{}
					reply.Body, _ = json.Marshal(all)
				}
			}
			reply.WriteTo(w)
		}})
		first, err := r.Migrate(t.Context())
		require.NoError(t, err)
		lists, r.Ledger = 0, r.Ledger+".new"
		s, err := r.Migrate(t.Context())
		require.NoError(t, err)
		require.Equal(t, migrate.Complete, s.Status)
		require.Equal(t, first.Services[0].TargetSID, s.Services[0].TargetSID)
		require.EqualValues(t, 3, s.Counts[migrate.KindChannels].Existing, "%d lists", lists)
		require.Zero(t, s.Counts[migrate.KindMessages].Written)
	})
}

// A ledger that a crash took back to before the conversations were made.
func TestStaleConversationsAfterACrash(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, m := between(t, emulator.Config{Archive: rig.ManyChannels(3).Archive()})
		require.True(t, r.Killed(t, rig.Kill{Write: 25, After: true}))
		l, err := sqlite.Open(t.Context(), r.Ledger)
		require.NoError(t, err)
		for i := range 3 {
			require.NoError(t, l.PutChannel(t.Context(), migrate.ChannelRecord{SourceSID: rig.SidOf("CH", i), ServiceSID: rig.ScenarioService}))
			require.NoError(t, l.ForgetMessages(t.Context(), rig.SidOf("CH", i), migrate.All))
		}
		require.NoError(t, l.Close())
		require.NotEmpty(t, r.ConversationsOf(t, servicesOf(t, r)[0]))
		hidden := false
		m.do(func(x exchange) bool {
			if x.Write() || len(x.Path) != 4 || x.Path[3] != "Conversations" || hidden {
				return false
			}
			hidden = true
			reply := x.commit()
			var all map[string]any
			require.NoError(t, json.Unmarshal(reply.Body, &all))
			all["conversations"] = []any{}
			reply.Body, _ = json.Marshal(all)
			reply.WriteTo(x.w)
			return true
		})
		s, err := r.Migrate(t.Context())
		require.NoError(t, err)
		require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
		require.True(t, hidden)
		there := r.ConversationsOf(t, s.Services[0].TargetSID)
		for i := range 3 {
			require.Len(t, there[rig.SidOf("CH", i)], 1)
		}
	})
}
