package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/queue"
)

// A run that loses its work to another worker has no result: the other one has.
func TestResultOfWhoeverEndsAPass(t *testing.T) {
	var out bytes.Buffer
	var ends error
	o := &migrateOptions{}
	o.console = &console{out: &out}
	j := &joint{
		migrateOptions: o, relay: &relay{first: make(chan struct{})}, queue: &queue.Queue{},
		work: func(_ context.Context, own *migrateOptions) error {
			require.True(t, own.console.relayed)
			fmt.Fprintln(own.console.out, "a result")
			return ends
		},
	}
	ends = &migrate.Error{Op: "hold lease", Kind: migrate.Conflict, Err: errors.New("another has it")}
	require.Equal(t, queue.Lost, j.run(t.Context(), "", nil).Outcome)
	require.False(t, j.ran)
	ends = nil
	require.Equal(t, queue.Done, j.run(t.Context(), "", nil).Outcome)
	require.True(t, j.ran)
	require.Empty(t, out.String(), "it is not known yet whether it stays the result")
	j.seen = queue.State{Stage: queue.StageDone, Worker: j.queue.Worker()}
	open, err := j.collect(t.Context())
	require.NoError(t, err)
	require.False(t, open)
	require.Equal(t, "a result\n", out.String())
	j.forget(nil)
	require.Zero(t, j.seen)
	require.False(t, j.ran, "one more pass was asked for, and anybody may make it")
}

// What the ledger says of its last run is a worker's result only if it is a migration
// that came to its end.
func TestResultOfAWorker(t *testing.T) {
	for status, ended := range map[string]bool{
		migrate.Complete: true, migrate.Partial: true,
		migrate.UndoneStatus: false, migrate.RunningStatus: false, migrate.InterruptedStatus: false, migrate.FailedStatus: false, "": false,
	} {
		t.Run(status, func(t *testing.T) {
			got, err := resultOf(migrate.RunRecord{Summary: fmt.Appendf(nil, `{"status":%q}`, status)}, true)
			require.Equal(t, status, got.Status)
			if ended {
				require.NoError(t, err)
				return
			}
			require.Equal(t, exitFailed, statusOf(err))
			require.NotEmpty(t, migrate.HintOf(err))
		})
	}
	_, err := resultOf(migrate.RunRecord{}, true)
	require.Equal(t, migrate.NotFound, migrate.KindOf(err))
	_, err = resultOf(migrate.RunRecord{}, false)
	require.Equal(t, migrate.NotFound, migrate.KindOf(err))
}

// A worker migrates and no more: whoever asks for more works alone.
func TestWhatWorkersMayTake(t *testing.T) {
	const database = "postgres://me@db.example.com/chats"
	for name, change := range map[string]func(o *migrateOptions){
		"a file":            func(o *migrateOptions) { o.Ledger = "chatbridge.db" },
		"--deep":            func(o *migrateOptions) { o.Deep = true },
		"--only-failed":     func(o *migrateOptions) { o.OnlyFailed = true },
		"--accept-settings": func(o *migrateOptions) { o.AcceptSettings = true },
		"--credentials":     func(o *migrateOptions) { o.Credentials = "push.yaml" },
	} {
		o := &migrateOptions{ledgerOption: ledgerOption{Ledger: database}}
		require.True(t, o.forWorkers())
		change(o)
		require.False(t, o.forWorkers(), name)
	}
	for _, flag := range append([]string{""}, byItself...) {
		s := newScreen("", false)
		c := newMigrate(s.console, &commonOptions{}, func(context.Context, *migrateOptions) error { return nil })
		require.NoError(t, c.Flags().Set(ledgerFlag, database))
		if flag != "" {
			value := "true"
			if flag == "credentials" {
				value = "push.yaml"
			}
			require.NoError(t, c.Flags().Set(flag, value))
		}
		f := &fleet{fleetOptions: &fleetOptions{cmd: c}}
		require.Equal(t, flag == "", f.forWorkers(), flag)
	}
}

// The second signal ends what waits for a database that is away.
func TestSecondSignalCutsOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		signals := make(chan os.Signal, 2)
		c := &console{err: &bytes.Buffer{}, signals: func() (<-chan os.Signal, func()) { return signals, func() {} }}
		r, stop := relayed(c, 0)
		defer stop()
		ctx, uncut := r.cut(t.Context())
		defer uncut()
		signals <- os.Interrupt
		synctest.Wait()
		require.NoError(t, ctx.Err())
		require.True(t, r.stopped())
		signals <- os.Interrupt
		synctest.Wait()
		require.ErrorIs(t, context.Cause(ctx), errSecondSignal)
	})
}
