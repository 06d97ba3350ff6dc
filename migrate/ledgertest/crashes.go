package ledgertest

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
)

func testLanes(t *testing.T, create New) {
	t.Run("many lanes put beside each other and lose nothing", func(t *testing.T) {
		store := create(t)
		l := store.open(t)
		const lanes, messages = 16, 300
		var running sync.WaitGroup
		for lane := range lanes {
			channel := sid("CH", lane)
			running.Go(func() {
				for n := range int64(messages) {
					if !assert.NoError(t, l.PutMessage(t.Context(), channel, message(n, int64(lane)))) {
						return
					}
					newest, ok, err := l.Newest(t.Context(), channel)
					if !assert.NoError(t, err) || !assert.True(t, ok) || !assert.Equal(t, message(n, int64(lane)), newest) {
						return
					}
				}
				assert.NoError(t, l.Sync(t.Context()))
			})
		}
		running.Wait()
		require.NoError(t, l.Close())

		l = store.open(t)
		for lane := range lanes {
			require.Len(t, collect(t, l.Messages(t.Context(), sid("CH", lane), -1)), messages)
		}
		require.NoError(t, l.Close())
	})
}

func testCrashes(t *testing.T, create New) {
	t.Run("what is left is a prefix of what was put, and holds what was synced", func(t *testing.T) {
		store := create(t)
		l := store.open(t)
		const channels, puts = 4, 4100
		synced := 0
		var crashes []crash
		for n := range puts {
			require.NoError(t, l.PutMessage(t.Context(), sid("CH", n%channels), message(int64(n/channels), 0)))
			if n%1000 == 700 {
				require.NoError(t, l.Sync(t.Context()))
				synced = n + 1
			}
			if n%500 == 0 || n == synced-1 {
				crashes = append(crashes, crash{store.Crash(t), synced, n + 1})
			}
		}
		require.NoError(t, l.Close())
		for _, c := range crashes {
			l := c.store.open(t)
			left := 0
			for n := range puts {
				m, ok, err := l.AtOrBelow(t.Context(), sid("CH", n%channels), int64(n/channels))
				require.NoError(t, err)
				if !ok || m.SourceIndex != int64(n/channels) {
					break
				}
				left++
			}
			for channel := range channels {
				require.Len(t, collect(t, l.Messages(t.Context(), sid("CH", channel), -1)), (left+channels-1-channel)/channels, "something is there behind what is lost")
			}
			require.GreaterOrEqual(t, left, c.synced)
			require.LessOrEqual(t, left, c.put)
			require.NoError(t, l.PutMessage(t.Context(), sid("CH", 0), message(puts, 0)))
			require.NoError(t, l.Close())
		}
	})

	for name, put := range map[string]func(*testing.T, migrate.Ledger) error{
		"a service": func(t *testing.T, l migrate.Ledger) error {
			return l.PutService(t.Context(), migrate.ServiceRecord{SourceSID: sid("IS", 1)})
		},
		"a run": func(t *testing.T, l migrate.Ledger) error { return l.PutRun(t.Context(), migrate.RunRecord{ID: "a"}) },
		"a doubt": func(t *testing.T, l migrate.Ledger) error {
			return l.PutDoubt(t.Context(), sid("CH", 1), migrate.DoubtRecord{SourceIndex: 1})
		},
		"a file": func(t *testing.T, l migrate.Ledger) error {
			return l.PutFile(t.Context(), sid("CH", 1), migrate.FileRecord{SourceIndex: 1, SourceSID: sid("ME", 1), TargetSID: sid("ME", 2)})
		},
		"an original": func(t *testing.T, l migrate.Ledger) error {
			return l.PutOriginal(t.Context(), migrate.Original{Kind: migrate.UserEntity, TargetSID: sid("US", 1), Before: []byte("{}")})
		},
		"an attempt": func(t *testing.T, l migrate.Ledger) error {
			return l.PutAttempt(t.Context(), migrate.Attempt{Kind: migrate.RoleEntity, SourceSID: sid("RL", 1)})
		},
	} {
		t.Run(name+" survives when its put has returned, and with it what was put before", func(t *testing.T) {
			store := create(t)
			l := store.open(t)
			require.NoError(t, l.PutMessage(t.Context(), sid("CH", 1), message(0, 0)))
			require.NoError(t, put(t, l))
			left := store.Crash(t)
			require.NoError(t, l.Close())

			l = left.open(t)
			services, err := l.Services(t.Context())
			require.NoError(t, err)
			_, run, err := l.LastRun(t.Context())
			require.NoError(t, err)
			doubts, err := l.Doubts(t.Context(), sid("CH", 1))
			require.NoError(t, err)
			_, file, err := l.File(t.Context(), sid("CH", 1), 1)
			require.NoError(t, err)
			_, original, err := l.Original(t.Context(), migrate.UserEntity, sid("US", 1))
			require.NoError(t, err)
			_, attempt, err := l.Attempt(t.Context(), migrate.RoleEntity, sid("RL", 1))
			require.NoError(t, err)
			require.Equal(t, [6]bool{name == "a service", name == "a run", name == "a doubt", name == "a file", name == "an original", name == "an attempt"},
				[6]bool{len(services) == 1, run, len(doubts) == 1, file, original, attempt})
			require.Len(t, collect(t, l.Messages(t.Context(), sid("CH", 1), -1)), 1)
			require.NoError(t, l.Close())
		})
	}

	t.Run("closing syncs", func(t *testing.T) {
		store := create(t)
		l := store.open(t)
		require.NoError(t, l.PutMessage(t.Context(), sid("CH", 1), message(0, 0)))
		require.NoError(t, l.Close())
		require.Error(t, l.PutMessage(t.Context(), sid("CH", 1), message(1, 0)))
		require.Error(t, l.Sync(t.Context()))

		l = store.open(t)
		require.Len(t, collect(t, l.Messages(t.Context(), sid("CH", 1), -1)), 1)
		require.NoError(t, l.Close())
	})
}

// crash is what is left of a ledger that was put so many messages and synced after
// so many.
type crash struct {
	store       Store
	synced, put int
}
