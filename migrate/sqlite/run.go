package sqlite

import (
	"context"
	"database/sql"

	"chatbridge/migrate"
)

// PutRun records a run under its ID and returns when it would survive a crash.
func (l *Ledger) PutRun(ctx context.Context, r migrate.RunRecord) error {
	started, err := packTime(r.StartedAt)
	if err != nil {
		return fault("put run", "", err)
	}
	heartbeat, err := packTime(r.HeartbeatAt)
	if err != nil {
		return fault("put run", "", err)
	}
	ended, err := packTime(r.EndedAt)
	if err != nil {
		return fault("put run", "", err)
	}
	unanswered, err := packTime(r.Unanswered)
	if err != nil {
		return fault("put run", "", err)
	}
	return fault("put run", "", l.group.putDurable(ctx, func(ctx context.Context) error {
		return l.group.exec(ctx, `INSERT INTO runs
			(id, pid, host, started_at, heartbeat_at, ended_at, status, progress, summary, settle, unanswered_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET
			pid = excluded.pid, host = excluded.host, started_at = excluded.started_at,
			heartbeat_at = excluded.heartbeat_at, ended_at = excluded.ended_at, status = excluded.status,
			progress = excluded.progress, summary = excluded.summary, settle = excluded.settle, unanswered_at = excluded.unanswered_at`,
			r.ID, int64(r.PID), r.Host, started, heartbeat, ended, r.Status, r.Progress, r.Summary, int64(r.Settle), unanswered)
	}))
}

// LastRun is the run whose first put came last. Clocks have no say in it: one
// that was wrong for a while would hide every run after it.
func (r *Reader) LastRun(ctx context.Context) (migrate.RunRecord, bool, error) {
	settle, unanswered := "settle", "unanswered_at"
	if r.version < keepsSettle {
		settle = "0"
	}
	if r.version < keepsUnanswered {
		unanswered = "NULL"
	}
	run, ok, err := one(ctx, r, `SELECT id, pid, host, started_at, heartbeat_at, ended_at, status, progress, summary, `+settle+`, `+unanswered+`
		FROM runs ORDER BY number DESC LIMIT 1`, nil, scanRun)
	return run, ok, fault("read last run", "", err)
}

func scanRun(rows *sql.Rows) (r migrate.RunRecord, err error) {
	err = rows.Scan(&r.ID, &r.PID, &r.Host, packedTime{&r.StartedAt}, packedTime{&r.HeartbeatAt}, packedTime{&r.EndedAt},
		&r.Status, &r.Progress, &r.Summary, &r.Settle, packedTime{&r.Unanswered})
	return r, err
}
