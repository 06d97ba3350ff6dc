package main

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/queue"
)

// TestWhatBecomesOfAPass is what the queue is told of each way in which a run ends: only
// what nobody can work is given up, and only what is done is over.
func TestWhatBecomesOfAPass(t *testing.T) {
	e := func(op string, k migrate.Kind) error {
		return &migrate.Error{Op: op, Kind: k, Err: errors.New("why"), Hint: "do this"}
	}
	for name, c := range map[string]struct {
		err  error
		want queue.Outcome
	}{
		"whole":                                {nil, queue.Done},
		"something was not carried":            {&outcome{exitIncomplete, "2 resources were not carried whole", ""}, queue.Done},
		"told to stop":                         {e("migrate", migrate.Interrupted), queue.HandOver},
		"another process has the ledger":       {&migrate.Error{Op: "open ledger", Kind: migrate.Conflict, Err: fmt.Errorf("%w by somebody", migrate.ErrInUse)}, queue.Held},
		"the ledger is of a newer version":     {e("open ledger", migrate.Conflict), queue.Failed},
		"another process took the ledger":      {e("keep ledger", migrate.Conflict), queue.Lost},
		"the lease is another's":               {migrate.Fatal(e("hold lease", migrate.Conflict)), queue.Lost},
		"another run took the claim":           {migrate.Fatal(e("hold claim", migrate.Conflict)), queue.Lost},
		"the database was away for long":       {&migrate.Error{Op: "put message", Kind: migrate.Unavailable, Err: e("reach ledger", migrate.Unavailable)}, queue.Lost},
		"the lease was not renewed for long":   {errors.Join(e("hold lease", migrate.Unavailable)), queue.Lost},
		"another ledger writes there":          {e("claim service", migrate.Conflict), queue.Failed},
		"the ledger is for other settings":     {e("bind ledger", migrate.Conflict), queue.Failed},
		"the database has no connection left":  {e("open ledger", migrate.Unavailable), queue.Held},
		"another run, in other words":          {&outcome{exitLedger, "another run is active", ""}, queue.Failed},
		"wrong credentials":                    {e("sign in", migrate.Credentials), queue.Failed},
		"the account has default timers":       {e("check account", migrate.Usage), queue.Failed},
		"the service does not answer for long": {e("read services", migrate.Unavailable), queue.Failed},
	} {
		t.Run(name, func(t *testing.T) {
			told := &relay{first: make(chan struct{})}
			close(told.first)
			r := came(t.Context(), told, c.err)
			require.Equal(t, c.want, r.Outcome)
			if c.err != nil {
				require.NotEmpty(t, r.Reason)
			}
		})
	}
	// Handed over, it would be back here at once, with new time.
	untold := &relay{first: make(chan struct{})}
	require.Equal(t, queue.Failed, came(t.Context(), untold, e("run", migrate.Interrupted)).Outcome)
	reaped, cut := context.WithCancelCause(t.Context())
	cut(queue.ErrReaped)
	require.Equal(t, queue.Lost, came(reaped, untold, e("migrate", migrate.Interrupted)).Outcome)
}

func TestHowFarWorkersAre(t *testing.T) {
	all := []queue.State{{Migration: "a", Stage: "done"}, {Migration: "b", Stage: "working"}, {Migration: "c", Stage: "waiting"}, {Migration: "d", Stage: "failed"}, {Migration: "other", Stage: "waiting"}}
	line, over := how(all, []string{"a", "b", "c", "d"})
	require.Equal(t, "2 of 4 accounts worked for, 1 at work, 1 waiting", line)
	require.False(t, over)
	_, over = how(all, []string{"a", "d"})
	require.True(t, over)
	_, over = how(all, []string{"a", "b", "gone"})
	require.False(t, over)
	_, over = how(all, []string{"a", "gone"})
	require.True(t, over, "nobody works on what was deleted")
}
