package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// rights are what entitles a writer to commit.
type rights interface {
	// take asks for them on a new session, and says how many groups this writer has
	// committed. It is called when the ledger is opened and whenever it has connected
	// again; by then the session before has ended, and its last commit with it. An error
	// that is no *migrate.Error says to try again.
	take(ctx context.Context, conn *pgx.Conn) (committed int64, err error)
	// check makes sure of them inside a transaction that is about to commit a group,
	// and counts it. An error keeps the transaction from being committed.
	check(ctx context.Context, tx *pgx.Conn, group int64) error
	// give lets go of them.
	give(ctx context.Context, conn *pgx.Conn) error
	// stop ends what keeps them, before they are given back.
	stop()
}
