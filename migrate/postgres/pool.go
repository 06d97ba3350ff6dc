package postgres

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// poolSessions bounds what a worker takes beside the sessions of its ledgers: the
// queue fetches, is seen and reaps, and keeps results.
const poolSessions = 4

// Pool is a pool of sessions for what is kept beside the ledgers, such as the queue of
// workers. It connects when it is used. Names have to have their schema.
func Pool(ctx context.Context, url string) (*pgxpool.Pool, error) {
	config, err := parse(url)
	if err != nil {
		return nil, err
	}
	c, err := pgxpool.ParseConfig("")
	if err != nil {
		return nil, err
	}
	c.ConnConfig, c.MaxConns, c.MinConns = config, poolSessions, 0
	c.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, strings.Join(session, "; "), pgx.QueryExecModeSimpleProtocol)
		return err
	}
	return pgxpool.NewWithConfig(ctx, c)
}
