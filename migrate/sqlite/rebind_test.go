package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/sqlite"
)

func TestRebind(t *testing.T) {
	bound := func(t *testing.T) *sqlite.Ledger {
		l, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "ledger.db"))
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, l.Close()) })
		require.NoError(t, l.Bind(t.Context(), migrate.Fingerprint{"account": "a", "--policy": "x", "gone": "1"}))
		return l
	}

	t.Run("other settings replace those of before, and only those are accepted afterwards", func(t *testing.T) {
		l := bound(t)
		other := migrate.Fingerprint{"account": "a", "--policy": "y"}
		require.NoError(t, l.Rebind(t.Context(), other, "account"))
		got, err := l.Fingerprint(t.Context())
		require.NoError(t, err)
		require.Equal(t, other, got)
		require.NoError(t, l.Bind(t.Context(), other))
		require.Equal(t, migrate.Conflict, migrate.KindOf(l.Bind(t.Context(), migrate.Fingerprint{"account": "a", "--policy": "x"})))
	})

	t.Run("another value of a fixed setting is refused, named, and changes nothing", func(t *testing.T) {
		l := bound(t)
		before, err := l.Fingerprint(t.Context())
		require.NoError(t, err)
		err = l.Rebind(t.Context(), migrate.Fingerprint{"account": "b", "--policy": "y"}, "account")
		require.Equal(t, migrate.Conflict, migrate.KindOf(err))
		require.ErrorContains(t, err, `account is "a" there and "b" here`)
		require.NotContains(t, err.Error(), "--policy")
		after, err := l.Fingerprint(t.Context())
		require.NoError(t, err)
		require.Equal(t, before, after)
	})
}

func TestCountMessages(t *testing.T) {
	t.Run("counts the confirmed messages of one channel, and none of a channel that is not there", func(t *testing.T) {
		path := closed(t, 1234)
		r, err := sqlite.OpenReader(t.Context(), path)
		require.NoError(t, err)
		defer r.Close()
		n, err := r.CountMessages(t.Context(), sid("CH", 1))
		require.NoError(t, err)
		require.EqualValues(t, 1234, n)
		n, err = r.CountMessages(t.Context(), sid("CH", 2))
		require.NoError(t, err)
		require.Zero(t, n)
	})
}
