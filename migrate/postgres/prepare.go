package postgres

import (
	"context"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Prepare makes sure that a database has the schema and migrations of these names, and
// opens a Pool on it. Nothing of a
// migration that is there is changed. Its errors are those of Open. Close the pool.
func Prepare(ctx context.Context, url string, names ...string) (*pgxpool.Pool, error) {
	config, err := parse(url)
	if err != nil {
		return nil, err
	}
	conn, err := connect(ctx, config)
	if err != nil {
		return nil, refuseConnection(config, err)
	}
	defer closeSession(conn)
	if err := upgrade(ctx, conn, config); err != nil {
		return nil, refuseConnection(config, err)
	}
	packed := make([]string, len(names))
	for i, name := range names {
		packed[i] = packText(name)
	}
	if _, err := conn.Exec(ctx, `INSERT INTO chatbridge.migrations (name) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING`, packed); err != nil {
		return nil, refuseConnection(config, err)
	}
	return Pool(ctx, url)
}
