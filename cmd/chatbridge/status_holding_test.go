package main

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/ledgertest"
	"chatbridge/migrate/pgtest"
	"chatbridge/reports"
)

// TestStatusOfWork shows who has a ledger that workers share, and that a file has
// nothing of it.
func TestStatusOfWork(t *testing.T) {
	shown := func(path string) (reports.Status, map[string]any) {
		l, err := readLedger(t.Context(), path)
		require.NoError(t, err)
		defer l.Close()
		s, err := readStatus(t.Context(), l, path, time.Now())
		require.NoError(t, err)
		var b bytes.Buffer
		require.NoError(t, reports.WriteStatus(&b, reports.JSON, s))
		var fields map[string]any
		require.NoError(t, json.Unmarshal(b.Bytes(), &fields))
		return s, fields
	}
	begin := func(path string) {
		l, err := openLedger(t.Context(), path)
		require.NoError(t, err)
		require.NoError(t, l.Close())
	}

	t.Run("a file", func(t *testing.T) {
		path := ledgertest.Dir(t) + "/chatbridge.db"
		begin(path)
		s, fields := shown(path)
		require.NotContains(t, fields, "holding")
		require.NotContains(t, fields, "work")
		require.Equal(t, "chatbridge migrate", s.Next)
	})
	t.Run("a database", func(t *testing.T) {
		url := pgtest.Database(t)
		begin(url)
		s, fields := shown(url)
		require.Equal(t, migrate.LeaseGivenBack, s.Holding.State)
		require.NotContains(t, fields, "work")
		require.Equal(t, "chatbridge migrate", s.Next)

		pgtest.Exec(t, url, `INSERT INTO chatbridge.work (migration_id, pass, generation, state, worker) SELECT id, 2, 1, 'open', 'w1' FROM chatbridge.migrations`)
		s, fields = shown(url)
		require.Equal(t, "working", fields["work"].(map[string]any)["stage"])
		require.Equal(t, "w1", s.Work.Worker)
		require.Equal(t, "chatbridge status --watch", s.Next)
	})
	t.Run("a run whose clock is wrong", func(t *testing.T) {
		url := pgtest.Database(t)
		host, err := os.Hostname()
		require.NoError(t, err)
		l, err := openLedger(t.Context(), url)
		require.NoError(t, err)
		run := func(seen time.Duration) {
			at := time.Now().Add(seen)
			require.NoError(t, l.PutRun(t.Context(), migrate.RunRecord{ID: "1", PID: os.Getpid(), Host: host, StartedAt: at, HeartbeatAt: at, Status: migrate.RunningStatus}))
		}
		run(-time.Hour)
		s, _ := shown(url)
		require.True(t, s.Run.Alive, "it has the lease")
		run(time.Hour)
		pgtest.Exec(t, url, `UPDATE chatbridge.leases SET pid = pid + 1`)
		s, _ = shown(url)
		require.False(t, s.Run.Alive, "another process has the lease")
		require.NoError(t, l.Close())
		pgtest.Exec(t, url, `UPDATE chatbridge.leases SET pid = pid - 1`)
		s, _ = shown(url)
		require.False(t, s.Run.Alive, "nobody has the lease")
	})
}
