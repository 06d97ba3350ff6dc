package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/emulator"
	"chatbridge/migrate/pgtest"
)

var workersBench = flag.Int("workers-bench", 0, "measure how much faster a fleet of so many accounts is with more workers")

// TestWorkersBench measures a fleet of accounts with 10 channels of 50 messages, at
// 100 ms: on one worker, on four with the same settings each, and one account on either.
// It asserts that all arrives, and prints the times.
func TestWorkersBench(t *testing.T) {
	if *workersBench == 0 {
		t.Skip("to measure: make bench-workers")
	}
	measure := func(accounts, workers int, database bool) (time.Duration, int64) {
		w := newTown(t, accounts, func(i int, c *emulator.Config) {
			c.APS, c.Latency = 30, 100*time.Millisecond
			if i > 0 {
				c.Generate = emulator.Generate{Channels: 10, Messages: 500, Seed: uint64(i)}
			}
		})
		args := []string{"-q", "--accounts", w.file, "--accounts-at-once", "2", "--aps", "30"}
		if database {
			args = append(args, "--ledger", pgtest.Database(t))
		} else {
			args = append(args, "--ledger-dir", w.path())
		}
		args = append(args, "--report-dir", w.path("reports"))
		ctx, stop := context.WithCancel(t.Context())
		var others sync.WaitGroup
		began := time.Now()
		for range workers - 1 {
			sc := w.screen("", false)
			others.Go(func() { run(t.Context(), sc.console, append([]string{"worker"}, args...)) })
			others.Go(func() { <-ctx.Done(); sc.interrupts <- os.Interrupt })
		}
		sc := w.screen("", false)
		status := run(t.Context(), sc.console, append([]string{"migrate", "--yes"}, args...))
		took := time.Since(began)
		stop()
		others.Wait()
		require.Equal(t, exitDone, status, sc.stderr.String())
		var throttled int64
		for _, sid := range w.server.Accounts() {
			throttled += w.server.Account(sid).Stats().Conversations.Throttled
		}
		return took, throttled
	}
	row := func(what string, accounts, workers int, database bool) time.Duration {
		took, throttled := measure(accounts, workers, database)
		fmt.Printf("%-44s %8.1f s, %d replies with 429\n", what, took.Seconds(), throttled)
		return took
	}
	one := row("the fleet, 1 worker", *workersBench, 1, true)
	four := row("the fleet, 4 workers", *workersBench, 4, true)
	file := row("the fleet, 1 process, SQLite", *workersBench, 1, false)
	alone := row("1 account, 1 worker", 1, 1, true)
	shared := row("1 account, 4 workers", 1, 4, true)
	fmt.Printf("4 workers / 1: %.2f. PostgreSQL / SQLite: %.2f. One account on 4 / on 1: %.2f\n",
		one.Seconds()/four.Seconds(), one.Seconds()/file.Seconds(), shared.Seconds()/alone.Seconds())
}
