package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"chatbridge/migrate"
	"chatbridge/migrate/replay"
)

// noteRun has the ledger know of a run that is no migration, so that status and
// report tell of it. settle is what it gave a write without an answer, or the run
// before it if that was longer; summary is what it prints as JSON; done is how much of total
// it dealt with.
func noteRun(ctx context.Context, l migrate.Ledger, began time.Time, settle time.Duration, status string, summary any, done, total int64) error {
	raw, err := json.Marshal(summary)
	if err != nil {
		return fmt.Errorf("encode summary: %w", err)
	}
	progress, err := json.Marshal(replay.Progress{Done: done, Totals: map[string]int64{migrate.KindChannels: total}})
	if err != nil {
		return fmt.Errorf("encode progress: %w", err)
	}
	ctx = context.WithoutCancel(ctx)
	last, _, err := l.LastRun(ctx)
	if err != nil {
		return err
	}
	host, _ := os.Hostname()
	now := time.Now()
	return l.PutRun(ctx, migrate.RunRecord{
		ID: rand.Text(), PID: os.Getpid(), Host: host, StartedAt: began, HeartbeatAt: now, EndedAt: now,
		Settle: last.SettleAfter(settle), Status: status, Progress: progress, Summary: raw,
	})
}
