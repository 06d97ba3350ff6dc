//go:build unix

package postgres_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/pgtest"
	"chatbridge/migrate/postgres"
)

func TestPoolers(t *testing.T) {
	pgtest.Started(t)
	raw := pgtest.Database(t)
	t.Run("PgBouncer in transaction mode is refused", func(t *testing.T) {
		_, err := postgres.Open(t.Context(), pgtest.Bouncer(t, raw, "transaction"), "default")
		require.Equal(t, migrate.Usage, migrate.KindOf(err), err)
		require.ErrorContains(t, err, "transaction mode")
		require.Contains(t, migrate.HintOf(err), "session mode")
	})
	t.Run("PgBouncer in session mode serves", func(t *testing.T) {
		l, err := postgres.Open(t.Context(), pgtest.Bouncer(t, raw, "session"), "default")
		require.NoError(t, err)
		put(t, l, 0, 10)
		require.NoError(t, l.Close())
		require.Equal(t, 10, committed(t, raw, "default"))
	})
}
