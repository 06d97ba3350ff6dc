package queue

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Stages of a pass. In the last two it is over.
const (
	StageWaiting = "waiting"
	StageWorking = "working"
	StageDone    = "done"
	StageFailed  = "failed"
)

// State is how far the newest pass of a migration is. Times are the database's.
type State struct {
	Migration  string
	Pass       int64
	Generation int64
	Stage      string
	Worker     string    // who took this generation; empty while nobody did
	Reason     string    // how the pass ended, or why it cannot be worked
	Asked      time.Time // when this pass was asked for
	Changed    time.Time // since when it is so
	Seen       time.Time // when the worker last said that it is at work

	// Held says whether somebody's lease is alive. It need not be the worker's.
	Held    bool
	Holder  string
	Host    string
	Expires time.Time // of the newest lease; zero if there was none
}

// List says how far each migration is that was ever asked for, by name: all of them,
// or those that are named.
func (q *Queue) List(ctx context.Context, names ...string) (states []State, err error) {
	err = q.attempt(ctx, func(ctx context.Context) (err error) {
		states, err = q.list(ctx, names)
		return err
	})
	return states, q.failed("list work", err)
}

func (q *Queue) list(ctx context.Context, names []string) ([]State, error) {
	rows, err := q.pool.Query(ctx, fmt.Sprintf(`SELECT m.name, w.pass, w.generation,
		CASE WHEN w.state <> 'open' THEN w.state WHEN j.state = 'running' THEN 'working' ELSE 'waiting' END,
		coalesce(w.worker, ''), coalesce(w.reason, ''), w.asked_at, w.changed_at, w.seen_at,
		coalesce(NOT l.ended AND l.expires_at > statement_timestamp(), false), coalesce(l.holder, ''), coalesce(l.host, ''), l.expires_at
		FROM chatbridge.work w JOIN chatbridge.migrations m ON m.id = w.migration_id
		LEFT JOIN %s j ON j.id = w.job_id
		LEFT JOIN chatbridge.leases l ON l.migration_id = w.migration_id
		WHERE $1::text[] IS NULL OR m.name = ANY($1)
		ORDER BY m.name`, q.river), names)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (s State, err error) {
		var expires *time.Time
		err = row.Scan(&s.Migration, &s.Pass, &s.Generation, &s.Stage, &s.Worker, &s.Reason, &s.Asked, &s.Changed, &s.Seen,
			&s.Held, &s.Holder, &s.Host, &expires)
		if expires != nil {
			s.Expires = *expires
		}
		return s, err
	})
}
