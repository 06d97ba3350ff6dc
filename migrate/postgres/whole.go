package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"chatbridge/migrate"
)

// Whole is a migration that nobody else sees until it is kept: all of it is one
// transaction. A lost connection ends it.
type Whole struct {
	*Ledger
	kept bool
}

var _ migrate.Whole = (*Whole)(nil)

// Create begins a migration that comes into being with Keep. If there is one of that
// name the error has Kind Conflict, and otherwise it is one of Open.
func Create(ctx context.Context, url, migration string) (*Whole, error) {
	o := asked(nil)
	o.whole = true
	l, err := openWith(ctx, url, migration, o)
	if err != nil {
		return nil, err
	}
	return &Whole{Ledger: l}, nil
}

// beginWhole opens the transaction, and makes the migration in it.
func beginWhole(ctx context.Context, conn *pgx.Conn, config *pgx.ConnConfig, migration string) (id int32, err error) {
	if _, err := conn.Exec(ctx, `BEGIN`); err != nil {
		return 0, err
	}
	err = conn.QueryRow(ctx, `INSERT INTO chatbridge.migrations (name) VALUES ($1) ON CONFLICT (name) DO NOTHING RETURNING id`, packText(migration)).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, refuse(migrate.Conflict, "choose another name with --migration", "database %q has a migration %q already", config.Database, migration)
	}
	return id, err
}

// errLostWhole says that the one transaction is gone with its connection.
func errLostWhole(err error) error {
	return &migrate.Error{Op: "keep ledger", Kind: migrate.Unavailable, Hint: "run the same command again", Err: fmt.Errorf("lost the connection to the database; nothing was kept: %w", reason(err))}
}

// Keep commits everything, and closes the ledger.
func (w *Whole) Keep(ctx context.Context) error {
	if err := w.group.keep(ctx); err != nil {
		return fault("keep ledger", "", err)
	}
	w.kept = true
	return w.Ledger.Close()
}

// Close gives up what was not kept.
func (w *Whole) Close() error {
	if !w.kept {
		w.group.abandon()
	}
	return w.Ledger.Close()
}

// keep commits the one transaction.
func (g *group) keep(ctx context.Context) error {
	if err := g.enter(ctx); err != nil {
		return err
	}
	defer g.leave()
	if g.failed != nil {
		return g.failed
	}
	g.keeping = true
	g.puts = max(g.puts, 1) // the migration itself
	return g.commit(ctx)
}

// abandon rolls it back.
func (g *group) abandon() {
	<-g.turn
	defer g.leave()
	if g.failed == nil {
		_ = g.fail(errClosed)
	}
}

// unseen are the rights to a migration that nobody else sees yet.
type unseen struct{}

func (unseen) take(context.Context, *pgx.Conn) (int64, error) { return 0, nil }
func (unseen) check(context.Context, *pgx.Conn, int64) error  { return nil }
func (unseen) give(context.Context, *pgx.Conn) error          { return nil }
func (unseen) stop()                                          {}

func newRights(o options, migration int32, config *pgx.ConnConfig) rights {
	if o.whole {
		return unseen{}
	}
	return newLeasing(o, migration, config)
}
