package queue

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"
)

// conclude keeps the result of a generation, unless it was reaped meanwhile.
// It may be repeated.
func (q *Queue) conclude(ctx context.Context, job *river.Job[pass], r Result) error {
	p := job.Args
	switch r.Outcome {
	case Done:
		return q.close(ctx, job, StageDone, "A pass is over", r.Reason)
	case Failed:
		return q.close(ctx, job, StageFailed, "A migration cannot be worked", r.Reason)
	case HandOver:
		return q.handOver(ctx, job)
	case Held:
		return q.leave(ctx, job, r.Reason)
	default:
		q.warn("The lease of a migration was lost", p.because(r.Reason)...)
	}
	return nil
}

// leave has the pass wait until whoever has the lease is done.
func (q *Queue) leave(ctx context.Context, job *river.Job[pass], reason string) error {
	p := job.Args
	_, err := q.pool.Exec(ctx, `UPDATE chatbridge.work SET worker = NULL, changed_at = clock_timestamp()
		WHERE migration_id = $1 AND job_id = $2 AND state = 'open'`, p.ID, job.ID)
	if err == nil {
		q.notice("Somebody else works on a migration", p.because(reason)...)
	}
	return err
}

// close ends the pass.
func (q *Queue) close(ctx context.Context, job *river.Job[pass], state, message, reason string) error {
	p := job.Args
	current := false
	err := pgx.BeginFunc(ctx, q.pool, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `UPDATE chatbridge.work SET state = $1, reason = $2, changed_at = clock_timestamp()
			WHERE migration_id = $3 AND job_id = $4 AND state = 'open'`, state, reason, p.ID, job.ID)
		if current = tag.RowsAffected() == 1; err != nil || !current {
			return err
		}
		return complete(ctx, tx, job)
	})
	if err == nil && current {
		q.notice(message, p.because(reason)...)
	}
	return err
}

// handOver inserts the next generation.
func (q *Queue) handOver(ctx context.Context, job *river.Job[pass]) error {
	p := job.Args
	current := false
	err := pgx.BeginFunc(ctx, q.pool, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `UPDATE chatbridge.work SET generation = generation + 1, worker = NULL, changed_at = clock_timestamp(), seen_at = clock_timestamp()
			WHERE migration_id = $1 AND job_id = $2 AND state = 'open'`, p.ID, job.ID)
		if current = tag.RowsAffected() == 1; err != nil || !current {
			return err
		}
		if err := q.insert(ctx, tx, []pass{p.next()}, begun); err != nil {
			return err
		}
		return complete(ctx, tx, job)
	})
	if err == nil && current {
		q.notice("Handed a migration over", p.fields()...)
	}
	return err
}

// complete completes River's row with the transaction: a worker that dies after it
// leaves no row that seems to run.
func complete(ctx context.Context, tx pgx.Tx, job *river.Job[pass]) error {
	_, err := river.JobCompleteTx[*riverpgxv5.Driver](ctx, tx, job)
	if errors.Is(err, rivertype.ErrNotFound) {
		return nil
	}
	return err
}
