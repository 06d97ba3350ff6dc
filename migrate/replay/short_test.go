package replay_test

import (
	"fmt"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/verify"
)

// written counts the messages that took effect in the target.
func written(n *atomic.Int64) emulator.Interceptor {
	return func(w http.ResponseWriter, _ *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
		reply := commit()
		if x.Host == emulator.ConversationsHost && x.Write() && x.Path[len(x.Path)-1] == "Messages" && reply.Status == http.StatusCreated {
			n.Add(1)
		}
		reply.WriteTo(w)
	}
}

func TestShortLists(t *testing.T) {
	long := func() rig.Scenario {
		s := rig.ManyChannels(3)
		for i := range s.Channels {
			for n := range 120 {
				s.Channels[i].Messages = append(s.Channels[i].Messages, rig.MsgPlan{Author: n % 3, Body: fmt.Sprint(n)})
			}
		}
		return s
	}
	const all = 3 * 124
	for seed := range uint64(6) {
		t.Run(fmt.Sprintf("that are whole at times are brought over whole, or said, seed %d", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var n atomic.Int64
				r := rig.NewRig(t, emulator.Config{Archive: long().Archive(), Intercept: written(&n), Unkind: emulator.Unkind{
					Seed: seed + 1, EndsEarly: 0.3, Lists: []string{"messages", "members", "channels", "participants", "conversations"},
				}})
				for run := 0; ; run++ {
					require.Less(t, run, 8)
					s, err := r.Migrate(t.Context())
					if err == nil && s.Status == migrate.Complete {
						break
					}
				}
				require.EqualValues(t, all, n.Load(), "complete means that every message is there, once")
				require.NotZero(t, r.Emulator.Mischief()["list-ends-early"])
			})
		})
	}
	t.Run("that never are stop their channels", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var n atomic.Int64
			r := rig.NewRig(t, emulator.Config{Archive: long().Archive(), Intercept: written(&n), Unkind: emulator.Unkind{EndsEarly: 1, Lists: []string{"messages"}}})
			s, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Partial, s.Status)
			require.Len(t, s.Failures, 3)
			for _, f := range s.Failures {
				require.Contains(t, f.Reason, "the list ends early")
				require.NotEmpty(t, f.Hint)
			}
			require.Less(t, n.Load(), int64(all))
			v, differences := r.Verify(t.Context())
			require.False(t, v.Equal)
			for _, c := range []int{0, 1, 2} {
				require.True(t, slices.ContainsFunc(differences, func(d verify.Difference) bool {
					return d.Class == verify.Missing && d.Channel == rig.SidOf("CH", c)
				}), "%v", differences)
			}
		})
	})
	t.Run("of a target whose ledger is lost do not double what is there", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var n atomic.Int64
			r := rig.NewRig(t, emulator.Config{Archive: long().Archive(), Intercept: written(&n), Unkind: emulator.Unkind{
				Seed: 3, EndsEarly: 0.4, Lists: []string{"messages"},
			}})
			for range 3 {
				r.Ledger += "x"
				_, err := r.Migrate(t.Context())
				require.NoError(t, err)
				require.LessOrEqual(t, n.Load(), int64(all))
			}
		})
	})
}

// What proves lists whole costs a clean run one request for each channel, and no
// write.
func TestACleanRunAsksForOneEndAChannel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const channels = 5
		var ends, fetched atomic.Int64
		count := func(w http.ResponseWriter, _ *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
			last := x.Path[len(x.Path)-1]
			if !x.Write() && last == "Messages" && x.Query.Get("PageSize") == "1" {
				ends.Add(1)
			}
			if !x.Write() && x.Host == emulator.ChatHost && len(x.Path) == 5 && x.Path[3] == "Channels" {
				fetched.Add(1)
			}
			commit().WriteTo(w)
		}
		r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(channels).Archive(), Intercept: count})
		s, err := r.Migrate(t.Context())
		require.NoError(t, err)
		require.Equal(t, migrate.Complete, s.Status)
		require.EqualValues(t, channels, ends.Load())
		require.EqualValues(t, channels, fetched.Load(), "the attributes, and nothing for the sake of counters")
		require.False(t, slices.ContainsFunc(s.Findings, func(f migrate.FindingCount) bool { return f.Code == mapping.CountsDiffer }))
		s, err = r.Migrate(t.Context())
		require.NoError(t, err)
		require.Equal(t, migrate.Complete, s.Status)
		require.EqualValues(t, channels, ends.Load(), "a pass without news asks for none")
	})
}
