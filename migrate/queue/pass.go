package queue

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"chatbridge/migrate"
)

// queueName is River's queue that all kinds share.
const queueName = "migrations"

// Priorities of River's rows: what was begun goes ahead of what was not.
const (
	begun = 1
	fresh = 2
)

// pass is one generation of a pass: the arguments of one of River's rows. The
// ID, and not the name, tells it from others: a migration that is deleted and made
// again has another.
type pass struct {
	ID         int64  `json:"id" river:"unique"`
	Name       string `json:"name"`
	Pass       int64  `json:"pass" river:"unique"`
	Generation int64  `json:"generation" river:"unique"`
}

// Kind is made of the name, which may hold what River does not allow.
func (p pass) Kind() string {
	sum := sha256.Sum256([]byte(p.Name))
	return "m-" + hex.EncodeToString(sum[:10])
}

func (p pass) next() pass {
	p.Generation++
	return p
}

// fields are what events of a pass have in common.
func (p pass) fields(more ...any) []any {
	return append([]any{keyMigration, p.Name, keyPass, p.Pass, keyGeneration, p.Generation}, more...)
}

// because is fields with a reason, if there is one.
func (p pass) because(reason string) []any {
	if reason == "" {
		return p.fields()
	}
	return p.fields(migrate.KeyReason, reason)
}

// insert gives each pass a row of River's, in this order, and deletes those that
// are over. A dead worker's row is never over; it goes after a day.
func (q *Queue) insert(ctx context.Context, tx pgx.Tx, passes []pass, priority int) error {
	rows := make([]river.InsertManyParams, len(passes))
	kinds := make([]string, len(passes))
	for i, p := range passes {
		kinds[i] = p.Kind()
		rows[i] = river.InsertManyParams{Args: p, InsertOpts: &river.InsertOpts{
			MaxAttempts: 1, Priority: priority, Queue: queueName, UniqueOpts: river.UniqueOpts{ByArgs: true},
		}}
	}
	if _, err := tx.Exec(ctx, `DELETE FROM `+q.river+` WHERE kind = ANY($1)
		AND (state IN ('cancelled', 'completed', 'discarded') OR state = 'running' AND attempted_at < now() - interval '1 day'
			AND metadata ? 'cancel_attempted_at')`, kinds); err != nil {
		return err
	}
	inserted, err := q.client.InsertManyTx(ctx, tx, rows)
	if err != nil {
		return err
	}
	ids, jobs := make([]int64, len(inserted)), make([]int64, len(inserted))
	for i, row := range inserted {
		var p pass
		if err := json.Unmarshal(row.Job.EncodedArgs, &p); err != nil {
			return err
		}
		if row.UniqueSkippedAsDuplicate {
			return &migrate.Error{
				Op: "insert work of migration " + p.Name, Kind: migrate.Conflict,
				Err:  fmt.Errorf("generation %d of pass %d is in schema %s already", p.Generation, p.Pass, q.options.Schema),
				Hint: "rows of chatbridge.work were lost; stop all workers, drop schema " + q.options.Schema + ", and run the same command again",
			}
		}
		ids[i], jobs[i] = p.ID, row.Job.ID
	}
	_, err = tx.Exec(ctx, `UPDATE chatbridge.work SET job_id = given.job
		FROM unnest($1::bigint[], $2::bigint[]) given(id, job) WHERE migration_id = given.id`, ids, jobs)
	return err
}
