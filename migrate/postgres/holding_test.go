package postgres_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/pgtest"
	"chatbridge/migrate/postgres"
)

func TestHolding(t *testing.T) {
	url := pgtest.Database(t)
	viewer := role(t, url, "LOGIN")
	const length = time.Minute
	l, err := postgres.Open(t.Context(), url, "default", postgres.Holder("worker-1"), postgres.LeaseLength(length))
	require.NoError(t, err)
	r, err := postgres.OpenReader(t.Context(), url, "default")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.Close()) })
	look := func() migrate.Holding {
		h, err := r.Holding(t.Context())
		require.NoError(t, err)
		return h
	}

	t.Run("names who has the lease and how long it lasts", func(t *testing.T) {
		h := look()
		require.Equal(t, migrate.LeaseHeld, h.State)
		require.Equal(t, "worker-1", h.Holder)
		require.NotEmpty(t, h.Host)
		require.NotZero(t, h.PID)
		require.Positive(t, h.Left)
		require.LessOrEqual(t, h.Left, length)
		require.Equal(t, time.UTC, h.Since.Location())
		require.WithinDuration(t, h.Renewed.Add(length), h.Expires, time.Second)
		require.Nil(t, h.Work)
	})
	t.Run("a lease that ran out is not held, and says for how long", func(t *testing.T) {
		pgtest.Exec(t, url, `UPDATE chatbridge.leases SET expires_at = clock_timestamp() - interval '1 hour'`)
		h := look()
		require.Equal(t, migrate.LeaseExpired, h.State)
		require.LessOrEqual(t, h.Left, -time.Hour)
		require.Equal(t, "worker-1", h.Holder)
	})
	t.Run("one that was given back is called that", func(t *testing.T) {
		require.NoError(t, l.Close())
		h := look()
		require.Equal(t, migrate.LeaseGivenBack, h.State)
		require.LessOrEqual(t, h.Left, time.Duration(0))
		require.Equal(t, "worker-1", h.Holder)
	})
	t.Run("a migration that was never held has nobody", func(t *testing.T) {
		pgtest.Exec(t, url, `INSERT INTO chatbridge.migrations (name) VALUES ('asked')`)
		other, err := postgres.OpenReader(t.Context(), url, "asked")
		require.NoError(t, err)
		defer other.Close()
		h, err := other.Holding(t.Context())
		require.NoError(t, err)
		require.Equal(t, migrate.Holding{State: migrate.NeverLeased}, h)
		pgtest.Exec(t, url, `INSERT INTO chatbridge.leases (migration_id) SELECT id FROM chatbridge.migrations WHERE name = 'asked'`)
		h, err = other.Holding(t.Context())
		require.NoError(t, err)
		require.Equal(t, migrate.Holding{State: migrate.NeverLeased}, h)
	})
	t.Run("shows the pass of this migration and of no other", func(t *testing.T) {
		pgtest.Exec(t, url, `INSERT INTO chatbridge.work (migration_id, pass, generation, state)
			SELECT id, CASE name WHEN 'default' THEN 2 ELSE 7 END, 3, 'open' FROM chatbridge.migrations`)
		w := look().Work
		require.EqualValues(t, 2, w.Pass)
		require.EqualValues(t, 3, w.Generation)
		require.Empty(t, w.Worker)
		require.Equal(t, migrate.WorkWaiting, w.Stage)
		require.True(t, w.Open())
		require.Equal(t, time.UTC, w.Asked.Location())

		pgtest.Exec(t, url, `UPDATE chatbridge.work SET worker = 'w2', seen_at = clock_timestamp() - interval '1 hour'`)
		w = look().Work
		require.Equal(t, migrate.Working, w.Stage)
		require.Equal(t, "w2", w.Worker)
		require.GreaterOrEqual(t, w.Unseen, time.Hour)

		l, err := postgres.Open(t.Context(), url, "default")
		require.NoError(t, err)
		for _, open := range []bool{true, false} {
			w, was, err := l.Withdraw(t.Context(), "undone")
			require.NoError(t, err)
			require.Equal(t, open, was)
			require.Equal(t, open, w.Pass == 2)
		}
		require.NoError(t, l.Close())
		w = look().Work
		require.Equal(t, migrate.WorkFailed, w.Stage)
		require.Equal(t, "undone", w.Reason)
		require.Empty(t, w.Worker)
		require.EqualValues(t, 1, pgtest.Value[int64](t, url, `SELECT count(*) FROM chatbridge.work WHERE state = 'open'`), "that of another migration")

		pgtest.Exec(t, url, `UPDATE chatbridge.work SET state = 'failed', reason = 'no credentials'`)
		w = look().Work
		require.Equal(t, migrate.WorkFailed, w.Stage)
		require.Equal(t, "no credentials", w.Reason)
		require.False(t, w.Open())
	})
	t.Run("a role that may not see the work sees the lease", func(t *testing.T) {
		pgtest.Exec(t, url, `GRANT USAGE ON SCHEMA chatbridge TO `+viewer,
			`GRANT SELECT ON ALL TABLES IN SCHEMA chatbridge TO `+viewer, `REVOKE ALL ON chatbridge.work FROM `+viewer)
		r, err := postgres.OpenReader(t.Context(), pgtest.As(t, url, viewer), "default")
		require.NoError(t, err)
		defer r.Close()
		h, err := r.Holding(t.Context())
		require.NoError(t, err)
		require.Equal(t, migrate.LeaseGivenBack, h.State)
		require.Nil(t, h.Work)
	})
	t.Run("nor need there be a table of work", func(t *testing.T) {
		pgtest.Exec(t, url, `DROP TABLE chatbridge.work`)
		require.Nil(t, look().Work)
	})
}
