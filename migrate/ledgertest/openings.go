package ledgertest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
)

func testReaders(t *testing.T, create New) {
	t.Run("where there is no ledger there is nothing to read, and reading makes none", func(t *testing.T) {
		store := create(t)
		for range 2 {
			_, err := store.Read(t.Context())
			require.Equal(t, migrate.NotFound, migrate.KindOf(err))
			require.NotEmpty(t, migrate.HintOf(err))
		}
	})

	t.Run("beside a writer it reads what was synced, and goes on when the writer has closed", func(t *testing.T) {
		store, channel := create(t), sid("CH", 1)
		l := store.open(t)
		require.NoError(t, l.PutRun(t.Context(), migrate.RunRecord{ID: "a"}))
		r := store.read(t)
		for n := range int64(3) {
			require.NoError(t, l.PutMessage(t.Context(), channel, message(n, 0)))
			require.NoError(t, l.Sync(t.Context()))
			newest, ok, err := r.Newest(t.Context(), channel)
			require.NoError(t, err)
			require.True(t, ok)
			require.Equal(t, message(n, 0), newest)
		}
		require.NoError(t, l.Close())
		n, err := r.CountMessages(t.Context(), channel)
		require.NoError(t, err)
		require.EqualValues(t, 3, n)
		run, ok, err := r.LastRun(t.Context())
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, "a", run.ID)
		require.NoError(t, r.Close())
	})

	t.Run("it keeps no writer out", func(t *testing.T) {
		store := create(t)
		require.NoError(t, store.open(t).Close())
		r := store.read(t)
		l := store.open(t)
		require.NoError(t, l.PutRun(t.Context(), migrate.RunRecord{ID: "a"}))
		require.NoError(t, l.Close())
		require.NoError(t, r.Close())
	})
}

func testWriters(t *testing.T, create New) {
	t.Run("there is one writer at a time, and the next comes in when it has closed", func(t *testing.T) {
		store := create(t)
		l := store.open(t)
		require.NoError(t, l.PutRun(t.Context(), migrate.RunRecord{ID: "a"}))
		_, err := store.Open(t.Context())
		require.Equal(t, migrate.Conflict, migrate.KindOf(err))
		require.NotEmpty(t, migrate.HintOf(err))
		require.NoError(t, l.Close())
		require.NoError(t, l.Close(), "closing again gives the same answer")
		l = store.open(t)
		_, ok, err := l.LastRun(t.Context())
		require.NoError(t, err)
		require.True(t, ok)
		require.NoError(t, l.Close())
	})
}

func testDamage(t *testing.T, create New) {
	t.Run("a damaged ledger is refused, with what to do", func(t *testing.T) {
		store := create(t)
		if store.Damage == nil {
			t.Skip("nothing can damage it")
		}
		l := store.open(t)
		for n := range int64(5000) {
			require.NoError(t, l.PutMessage(t.Context(), sid("CH", 1), message(n, 0)))
		}
		require.NoError(t, l.Close())
		store.Damage(t)
		_, err := store.Open(t.Context())
		require.Equal(t, migrate.Failed, migrate.KindOf(err), err)
		require.NotEmpty(t, migrate.HintOf(err))
	})
}
