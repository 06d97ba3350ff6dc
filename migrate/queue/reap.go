package queue

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"chatbridge/migrate"
)

// batch is how many generations one transaction reaps: it holds their rows.
const batch = 100

// lapsed are generations that can come to nothing more, and why. The time is that
// of the statement, which is before what it reads: a lease that it finds over was
// over, and not renewed while it looked. A lease that was taken since River's row
// was fetched is that of its worker.
const lapsed = `SELECT w.migration_id, m.name, w.pass, w.generation, w.job_id, coalesce(w.worker, ''), coalesce(j.state = 'running', false),
	CASE WHEN j.id IS NULL OR j.state <> 'running' THEN 'it ended without a result'
		WHEN l.taken_at >= j.attempted_at AND NOT l.ended THEN 'its lease expired'
		ELSE 'its worker was not seen for ' || $1::interval END
	FROM chatbridge.work w JOIN chatbridge.migrations m ON m.id = w.migration_id
	LEFT JOIN %s j ON j.id = w.job_id
	LEFT JOIN chatbridge.leases l ON l.migration_id = w.migration_id
	WHERE w.state = 'open'
	AND (l.migration_id IS NULL OR l.ended OR l.expires_at <= statement_timestamp())
	AND (j.id IS NULL OR j.state IN ('cancelled', 'completed', 'discarded') OR j.state = 'running' AND (
		(l.taken_at >= j.attempted_at AND NOT l.ended) IS TRUE
		OR greatest(w.seen_at, j.attempted_at) < statement_timestamp() - $1::interval))
	AND ($2::integer[] IS NULL OR w.migration_id = ANY($2))
	ORDER BY w.migration_id LIMIT %d FOR UPDATE OF w SKIP LOCKED`

// reap gives up generations that can come to nothing more, and says how many.
func (q *Queue) reap(ctx context.Context) (int, error) {
	for all := 0; ; {
		n, err := q.reapBatch(ctx)
		if all += n; err != nil || n < batch {
			return all, err
		}
	}
}

func (q *Queue) reapBatch(ctx context.Context) (int, error) {
	type found struct {
		pass
		job     int64
		worker  string
		running bool
		reason  string
	}
	var over []found
	look := func(ctx context.Context, tx pgx.Tx, among []int64) error {
		rows, err := tx.Query(ctx, fmt.Sprintf(lapsed, q.river, batch), q.options.Unseen, among)
		if err != nil {
			return err
		}
		over, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (f found, err error) {
			err = row.Scan(&f.ID, &f.Name, &f.Pass, &f.Generation, &f.job, &f.worker, &f.running, &f.reason)
			return f, err
		})
		return err
	}
	err := pgx.BeginFunc(ctx, q.pool, func(tx pgx.Tx) error {
		err := look(ctx, tx, nil)
		if err != nil || len(over) == 0 {
			return err
		}
		// A row that somebody else reaped meanwhile is looked at as it is now, and River's as
		// it was when the statement began: together they look lapsed. Now that the
		// rows are held, a statement of its own sees both as they are.
		held := make([]int64, len(over))
		for i, f := range over {
			held[i] = f.ID
		}
		err = look(ctx, tx, held)
		if err != nil || len(over) == 0 {
			return err
		}
		next, ids := make([]pass, len(over)), make([]int64, len(over))
		for i, f := range over {
			next[i], ids[i] = f.next(), f.ID
			// Nobody else deletes the row while its pass is locked.
			if f.running {
				if _, err := q.client.JobCancelTx(ctx, tx, f.job); err != nil {
					return err
				}
			}
		}
		if _, err := tx.Exec(ctx, `UPDATE chatbridge.work SET generation = generation + 1, worker = NULL,
			changed_at = clock_timestamp(), seen_at = clock_timestamp() WHERE migration_id = ANY($1)`, ids); err != nil {
			return err
		}
		return q.insert(ctx, tx, next, begun)
	})
	if err != nil {
		return 0, err
	}
	for _, f := range over {
		q.notice("Gave up a worker of a migration", f.fields(keyWorker, f.worker, migrate.KeyReason, f.reason)...)
	}
	return len(over), nil
}

// tick shows that this worker lives, and reaps, until ctx ends.
func (w *worker) tick(ctx context.Context) {
	q := w.queue
	ticker := time.NewTicker(q.options.Tick)
	defer ticker.Stop()
	for away := false; ; {
		err := q.attempt(ctx, func(ctx context.Context) error {
			if err := w.beat(ctx); err != nil {
				return err
			}
			_, err := q.reap(ctx)
			return err
		})
		switch {
		case ctx.Err() != nil:
			return
		case err != nil && !away:
			q.warn("The queue does not answer; trying again", migrate.KeyReason, err.Error())
		case err == nil && away:
			q.notice("The queue answers again")
		}
		away = err != nil
		if q.options.ticked != nil {
			q.options.ticked()
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// beat shows that this worker lives. What it has in flight and does not find
// was reaped: River says so too, but not to those who do not listen.
func (w *worker) beat(ctx context.Context) error {
	w.mu.Lock()
	mine := maps.Clone(w.inFlight)
	w.mu.Unlock()
	if len(mine) == 0 {
		return nil
	}
	rows, err := w.queue.pool.Query(ctx, `UPDATE chatbridge.work SET seen_at = clock_timestamp()
		WHERE job_id = ANY($1) AND state = 'open' RETURNING job_id`, slices.Collect(maps.Keys(mine)))
	if err != nil {
		return err
	}
	seen, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return err
	}
	for _, job := range seen {
		delete(mine, job)
	}
	for _, cancel := range mine {
		cancel(ErrReaped)
	}
	return nil
}
