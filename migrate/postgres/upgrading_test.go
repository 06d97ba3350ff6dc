package postgres_test

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"chatbridge/migrate/pgtest"
	"chatbridge/migrate/postgres"
)

// Whoever reads while another process brings the schema up to date waits for it: two
// operators may start the same command in a database that is new.
func TestReadsAfterUpgrade(t *testing.T) {
	url := pgtest.Database(t)
	l, err := postgres.Open(t.Context(), url, "default")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	upgrading, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	defer upgrading.Close(t.Context())
	do := func(sql string) {
		_, err := upgrading.Exec(t.Context(), sql)
		require.NoError(t, err)
	}
	do(`SELECT pg_advisory_lock(1128418375, 0)`)
	do(`UPDATE chatbridge.goose_db_version SET version_id = -version_id WHERE version_id > 1`)
	read := make(chan error, 1)
	go func() {
		r, err := postgres.OpenReader(t.Context(), url, "default")
		if err == nil {
			err = r.Close()
		}
		read <- err
	}()
	for waiting := false; !waiting; {
		select {
		case err := <-read:
			require.FailNow(t, "it did not wait", err)
		default:
		}
		require.NoError(t, upgrading.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = 1128418375 AND NOT granted)`).Scan(&waiting))
	}
	do(`UPDATE chatbridge.goose_db_version SET version_id = -version_id WHERE version_id < 0`)
	do(`SELECT pg_advisory_unlock(1128418375, 0)`)
	require.NoError(t, <-read)
}
