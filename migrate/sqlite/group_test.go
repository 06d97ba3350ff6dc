package sqlite_test

import (
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/sqlite"
)

// committed counts the messages that another process would see.
func committed(t *testing.T, path string) int {
	t.Helper()
	r, err := sqlite.OpenReader(t.Context(), path)
	require.NoError(t, err)
	n := 0
	for _, err := range r.Messages(t.Context(), sid("CH", 1), -1) {
		require.NoError(t, err)
		n++
	}
	require.NoError(t, r.Close())
	return n
}

func TestGroups(t *testing.T) {
	t.Run("a put is committed a quarter of a second later and not before", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "ledger.db")
		synctest.Test(t, func(t *testing.T) {
			l, err := sqlite.Open(t.Context(), path)
			require.NoError(t, err)
			for round := range 3 {
				put(t, l, round, round+1)
				time.Sleep(249 * time.Millisecond)
				synctest.Wait()
				require.Equal(t, round, committed(t, path))
				time.Sleep(time.Millisecond)
				synctest.Wait()
				require.Equal(t, round+1, committed(t, path))
			}
			require.NoError(t, l.Close())
		})
	})

	t.Run("a full group is committed at once", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "ledger.db")
		l, err := sqlite.Open(t.Context(), path, sqlite.Group(time.Hour, 10))
		require.NoError(t, err)
		put(t, l, 0, 19)
		require.Equal(t, 10, committed(t, path))
		put(t, l, 19, 20)
		require.Equal(t, 20, committed(t, path))
		require.NoError(t, l.Close())
	})
}

func TestFullDisk(t *testing.T) {
	t.Run("a full disk stops every put and sync, and what is left is a prefix", func(t *testing.T) {
		path := closed(t, 1000)
		l, err := sqlite.Open(t.Context(), path, sqlite.Group(time.Hour, 100))
		require.NoError(t, err)
		require.NoError(t, l.LimitPages(t.Context(), 40))
		var full error
		n := 1000
		for ; full == nil; n++ {
			require.Less(t, n, 100_000, "the disk was never full")
			full = l.PutMessage(t.Context(), sid("CH", 1), migrate.MessageRecord{SourceIndex: int64(n), SourceSID: sid("IM", n), TargetSID: sid("IM", n)})
		}
		require.Equal(t, migrate.Failed, migrate.KindOf(full))
		require.Contains(t, migrate.HintOf(full), "space")

		require.NoError(t, l.LimitPages(t.Context(), 1<<20))
		require.Error(t, l.PutMessage(t.Context(), sid("CH", 1), migrate.MessageRecord{SourceIndex: int64(n)}))
		require.Error(t, l.PutRun(t.Context(), migrate.RunRecord{ID: "a"}))
		err = l.Sync(t.Context())
		require.Contains(t, migrate.HintOf(err), "space")
		newest, ok, err := l.Newest(t.Context(), sid("CH", 1))
		require.NoError(t, err)
		require.True(t, ok)
		require.Error(t, l.Close())

		left := committed(t, path)
		require.Equal(t, int(newest.SourceIndex)+1, left)
		require.GreaterOrEqual(t, left, 1000)
		require.Less(t, left, n)
	})
}

func TestQueries(t *testing.T) {
	t.Run("a page of channels is found by its index", func(t *testing.T) {
		l, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "ledger.db"))
		require.NoError(t, err)
		plan, err := l.Plan(t.Context(), sqlite.ChannelsQuery, "IS", "CH", 1)
		require.NoError(t, err)
		require.Contains(t, plan, "channels_by_service (service_sid=? AND <expr>>?)")
		require.NoError(t, l.Close())
	})
}

func TestReader(t *testing.T) {
	t.Run("a missing or unfinished ledger is not found, and told how to make one", func(t *testing.T) {
		for _, path := range []string{filepath.Join(t.TempDir(), "ledger.db"), write(t, "")} {
			_, err := sqlite.OpenReader(t.Context(), path)
			require.Equal(t, migrate.NotFound, migrate.KindOf(err))
			require.Contains(t, migrate.HintOf(err), "to begin: chatbridge migrate")
		}
	})

	t.Run("reading changes no byte of the ledger, open or closed", func(t *testing.T) {
		path := closed(t, 3000)
		before := snapshot(t, filepath.Dir(path))["ledger.db"]
		require.Equal(t, 3000, committed(t, path))
		require.Equal(t, before, snapshot(t, filepath.Dir(path))["ledger.db"])

		l, err := sqlite.Open(t.Context(), path)
		require.NoError(t, err)
		put(t, l, 3000, 4000)
		require.NoError(t, l.Sync(t.Context()))
		open := snapshot(t, filepath.Dir(path))
		require.Equal(t, 4000, committed(t, path))
		after := snapshot(t, filepath.Dir(path))
		for _, name := range []string{"ledger.db", "ledger.db-wal", "ledger.db.lock"} {
			require.Equal(t, open[name], after[name], name)
		}
		require.NoError(t, l.Close())
	})

	t.Run("a loop goes on while the writer commits and closes", func(t *testing.T) {
		path := closed(t, 1200)
		l, err := sqlite.Open(t.Context(), path)
		require.NoError(t, err)
		r, err := sqlite.OpenReader(t.Context(), path)
		require.NoError(t, err)
		var indexes []int64
		for m, err := range r.Messages(t.Context(), sid("CH", 1), -1) {
			require.NoError(t, err)
			indexes = append(indexes, m.SourceIndex)
			switch len(indexes) {
			case 10:
				put(t, l, 1200, 1300)
				require.NoError(t, l.Sync(t.Context()))
			case 700:
				require.NoError(t, l.Close())
			}
		}
		require.Len(t, indexes, 1300)
		require.True(t, slices.IsSorted(indexes))
		require.NoError(t, r.Close())
	})

	t.Run("it says what the ledger is bound to", func(t *testing.T) {
		path := closed(t, 0)
		l, err := sqlite.Open(t.Context(), path)
		require.NoError(t, err)
		bound := migrate.Fingerprint{"account": "AC1"}
		require.NoError(t, l.Bind(t.Context(), bound))
		r, err := sqlite.OpenReader(t.Context(), path)
		require.NoError(t, err)
		got, err := r.Fingerprint(t.Context())
		require.NoError(t, err)
		require.Equal(t, bound, got)
		require.NoError(t, r.Close())
		require.NoError(t, l.Close())
	})
	t.Run("a role or a user is found by its target at once", func(t *testing.T) {
		l, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "ledger.db"))
		require.NoError(t, err)
		plan, err := l.Plan(t.Context(), l.SharersQuery(), 1, "RL", "RL")
		require.NoError(t, err)
		require.Contains(t, plan, "entities_by_target (target_sid=? AND kind=?)")
		require.NoError(t, l.Close())
	})
}
