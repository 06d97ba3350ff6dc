package queue

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"chatbridge/migrate"
)

// Ask asks for a pass of each migration, in this order, all of them or none. If a
// pass is open, it joins that one. A migration that the ledger does not have is an
// error of Kind Usage.
func (q *Queue) Ask(ctx context.Context, migrations ...string) error {
	const op = "ask for work"
	err := q.attempt(ctx, func(ctx context.Context) error { return q.ask(ctx, migrations) })
	return q.failed(op, err)
}

func (q *Queue) ask(ctx context.Context, migrations []string) error {
	return pgx.BeginFunc(ctx, q.pool, func(tx pgx.Tx) error {
		if err := q.known(ctx, tx, migrations); err != nil {
			return err
		}
		// Rows are locked in the order of their IDs, so two of these cannot wait for each other.
		rows, err := tx.Query(ctx, `WITH asked AS (
				INSERT INTO chatbridge.work AS w (migration_id, pass, generation, state)
				SELECT id, 1, 1, 'open' FROM chatbridge.migrations WHERE name IN (SELECT unnest($1::text[])) ORDER BY id
				ON CONFLICT (migration_id) DO UPDATE SET pass = w.pass + 1, generation = 1, state = 'open',
					job_id = NULL, worker = NULL, reason = NULL,
					asked_at = excluded.asked_at, changed_at = excluded.changed_at, seen_at = excluded.seen_at
				WHERE w.state <> 'open'
				RETURNING migration_id, pass, generation)
			SELECT migration_id, m.name, pass, generation FROM asked JOIN chatbridge.migrations m ON id = migration_id
			JOIN (SELECT name, min(place) AS place FROM unnest($1::text[]) WITH ORDINALITY AS u(name, place) GROUP BY name) AS wanted ON wanted.name = m.name
			ORDER BY place`, migrations)
		if err != nil {
			return err
		}
		passes, err := pgx.CollectRows(rows, pgx.RowToStructByPos[pass])
		if err != nil || len(passes) == 0 {
			return err
		}
		return q.insert(ctx, tx, passes, fresh)
	})
}

// known says which migrations the ledger does not have.
func (q *Queue) known(ctx context.Context, tx pgx.Tx, migrations []string) error {
	rows, err := tx.Query(ctx, `SELECT name FROM unnest($1::text[]) asked(name)
		WHERE NOT EXISTS (SELECT FROM chatbridge.migrations m WHERE m.name = asked.name)`, migrations)
	if err != nil {
		return err
	}
	unknown, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	if len(unknown) == 0 {
		return nil
	}
	return &migrate.Error{
		Op: "find migration", Kind: migrate.Usage, Err: fmt.Errorf("this ledger has no migration %s", strings.Join(unknown, ", ")),
		Hint: "prepare it first: chatbridge migrate --migration '" + strings.ReplaceAll(unknown[0], "'", `'\''`) + "'",
	}
}
