package postgres

import (
	"context"
	"errors"
	"slices"

	"github.com/jackc/pgx/v5"
)

// Held is a migration that nobody else can open for writing until it is closed, so that
// it can be removed.
type Held struct {
	conn      *pgx.Conn
	migration int32
	rights    *leasing
}

// Hold takes the lease of a migration. Its errors are those of OpenReader, and Conflict
// if another process has it open for writing, which is named.
func Hold(ctx context.Context, url, migration string, opts ...Option) (*Held, error) {
	config, err := parse(url)
	if err != nil {
		return nil, err
	}
	conn, err := connect(ctx, config)
	if err != nil {
		return nil, refuseConnection(config, err)
	}
	id, err := find(ctx, conn, config, migration)
	h := &Held{conn, id, newLeasing(asked(opts), id, config)}
	if err == nil {
		_, err = h.rights.take(ctx, conn)
	}
	if err != nil {
		closeSession(conn)
		return nil, refuseConnection(config, err)
	}
	return h, nil
}

// Look makes sure that a migration is there and that nobody has it open for writing. It
// changes nothing, and keeps no lease. Its errors are those of Hold.
func Look(ctx context.Context, url, migration string, opts ...Option) error {
	config, err := parse(url)
	if err != nil {
		return err
	}
	conn, err := connect(ctx, config)
	if err != nil {
		return refuseConnection(config, err)
	}
	defer closeSession(conn)
	id, err := find(ctx, conn, config, migration)
	if err != nil {
		return refuseConnection(config, err)
	}
	_, err = newLeasing(asked(opts), id, config).watch(ctx, func() (row, bool, error) {
		r, err := readLease(ctx, conn, id, "")
		if errors.Is(err, pgx.ErrNoRows) {
			return r, true, nil
		}
		return r, r.ended || r.left <= 0, err
	})
	if err != nil {
		return refuseConnection(config, err)
	}
	return nil
}

// Size is how many bytes the rows of a migration have, without indexes. It reads all of
// them. Its errors are those of OpenReader.
func Size(ctx context.Context, url, migration string) (bytes int64, err error) {
	r, err := OpenReader(ctx, url, migration)
	if err != nil {
		return 0, err
	}
	for _, t := range tables {
		n, _, terr := one(ctx, r, `SELECT coalesce(sum(pg_column_size(t.*)), 0)::bigint FROM `+schemaName+`.`+t.name+` t WHERE migration_id = $1`, nil, scanNumber)
		if bytes += n; terr != nil {
			return 0, errors.Join(fault("measure ledger", "", terr), r.Close())
		}
	}
	return bytes, r.Close()
}

// Remove removes all of the migration, or nothing.
func (h *Held) Remove(ctx context.Context) error {
	return fault("remove ledger", "", pgx.BeginFunc(ctx, h.conn, func(tx pgx.Tx) error {
		if err := h.rights.check(ctx, tx.Conn(), 1); err != nil {
			return err
		}
		for _, t := range append(slices.Clone(tables), leases, strays) {
			if _, err := tx.Exec(ctx, `DELETE FROM `+schemaName+`.`+t.name+` WHERE migration_id = $1`, h.migration); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, `DELETE FROM chatbridge.migrations WHERE id = $1`, h.migration)
		return err
	}))
}

// Close gives the lease back.
func (h *Held) Close() error {
	ctx, end := context.WithTimeout(context.Background(), closeWithin)
	defer end()
	h.rights.stop()
	return fault("close ledger", "", errors.Join(h.rights.give(ctx, h.conn), h.conn.Close(ctx)))
}
