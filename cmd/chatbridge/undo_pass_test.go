package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/pgtest"
	"chatbridge/migrate/queue"
)

// An interrupted migrate leaves its pass to workers. After an undo none of them may take
// it up: everything would be back.
func TestUndoWithdrawsPass(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	w := newTown(t, 1, nil)
	do := func(args ...string) screen {
		sc := w.screen("", false, "TWILIO_ACCOUNT_SID="+memberSID(1), "TWILIO_AUTH_TOKEN=token-of-1")
		require.Equal(t, exitDone, run(t.Context(), sc.console, append(args, "--ledger", url)), sc.stderr)
		return sc
	}
	do("migrate", "--yes")
	other := another(t, url)
	at := func() queue.State {
		all, err := other.List(t.Context())
		require.NoError(t, err)
		require.Len(t, all, 1)
		return all[0]
	}
	require.NoError(t, other.Ask(t.Context(), defaultMigration))
	do("undo")
	require.Equal(t, queue.StageWaiting, at().Stage, "a preview changes nothing")
	require.Contains(t, do("undo", "--execute", "--yes").stderr.String(), "Pass 2, which a worker was to take, is withdrawn")
	require.Equal(t, queue.StageFailed, at().Stage)
	require.Equal(t, "undone", at().Reason)
	require.NotContains(t, do("undo", "--execute", "--yes").stderr.String(), "withdrawn")

	j, _ := newJoint(t, url)
	j.seen = at()
	_, err := j.collect(t.Context())
	require.EqualError(t, err, "migrate: undone", "somebody may have waited for it")

	do("migrate", "--yes")
	require.Equal(t, queue.StageDone, at().Stage)
}
