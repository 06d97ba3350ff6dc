package ledgertest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
)

func testRuns(t *testing.T, create New) {
	t.Run("the last run is the one recorded last, whatever its clock said and whichever was put again", func(t *testing.T) {
		l := fresh(t, create)
		_, ok, err := l.LastRun(t.Context())
		require.NoError(t, err)
		require.False(t, ok)
		ahead := migrate.RunRecord{ID: "b", StartedAt: noon.Add(24 * time.Hour), EndedAt: noon.Add(25 * time.Hour), Status: "complete"}
		last := migrate.RunRecord{ID: "a", PID: 7, Host: "here", StartedAt: noon, HeartbeatAt: noon.Add(time.Second), Status: "running", Settle: 45 * time.Second, Unanswered: noon.Add(time.Minute), Progress: []byte(`{"n":1}`)}
		require.NoError(t, l.PutRun(t.Context(), ahead))
		require.NoError(t, l.PutRun(t.Context(), last))
		last.Progress, last.Summary, last.Status = []byte(`{"n":2}`), []byte(`{}`), "complete"
		require.NoError(t, l.PutRun(t.Context(), last))
		require.NoError(t, l.PutRun(t.Context(), ahead))

		got, ok, err := l.LastRun(t.Context())
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, last, got)
	})

	t.Run("the first run gives the ledger its name, and it keeps it", func(t *testing.T) {
		l := fresh(t, create)
		none, err := l.Identity(t.Context())
		require.NoError(t, err)
		require.Empty(t, none.ID)
		for _, id := range []string{"b", "a", "b"} {
			require.NoError(t, l.PutRun(t.Context(), migrate.RunRecord{ID: id, StartedAt: noon, Status: "complete"}))
			got, err := l.Identity(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.LedgerIdentity{ID: "b", File: none.File, Shared: none.Shared}, got)
		}
	})
}

func testContexts(t *testing.T, create New) {
	t.Run("an ended context is refused and costs nothing that was put before", func(t *testing.T) {
		l := fresh(t, create)
		require.NoError(t, l.PutMessage(t.Context(), sid("CH", 1), message(0, 0)))
		ended, end := context.WithCancel(t.Context())
		end()
		require.ErrorIs(t, l.PutMessage(ended, sid("CH", 1), message(1, 0)), context.Canceled)
		err := l.PutRun(ended, migrate.RunRecord{ID: "a"})
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, migrate.Interrupted, migrate.KindOf(err))
		_, _, err = l.Newest(ended, sid("CH", 1))
		require.ErrorIs(t, err, context.Canceled)

		require.NoError(t, l.Sync(t.Context()))
		require.Equal(t, []migrate.MessageRecord{message(0, 0)}, collect(t, l.Messages(t.Context(), sid("CH", 1), -1)))
	})
}
