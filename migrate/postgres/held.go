package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
)

// Held is a migration that nobody else can open for writing until it is closed, so that
// it can be removed.
type Held struct {
	conn      *pgx.Conn
	migration int32
	rights    *sole
}

// Hold takes the lock of a migration. Its errors are those of OpenReader, and Conflict
// if another process has it open for writing, which is named.
func Hold(ctx context.Context, url, migration string) (*Held, error) {
	config, err := parse(url)
	if err != nil {
		return nil, err
	}
	conn, err := connect(ctx, config)
	if err != nil {
		return nil, refuseConnection(config, err)
	}
	id, err := find(ctx, conn, config, migration)
	h := &Held{conn, id, newSole(id)}
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
// changes nothing, and keeps no lock. Its errors are those of Hold.
func Look(ctx context.Context, url, migration string) error {
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
	var held bool
	err = conn.QueryRow(ctx, `SELECT EXISTS (`+holders+`)`, int64(lockClass), int64(id)).Scan(&held)
	if err == nil && held {
		err = inUse(ctx, conn, id)
	}
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
		for _, t := range tables {
			if _, err := tx.Exec(ctx, `DELETE FROM `+schemaName+`.`+t.name+` WHERE migration_id = $1`, h.migration); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, `DELETE FROM chatbridge.migrations WHERE id = $1`, h.migration)
		return err
	}))
}

// Close lets go of the lock.
func (h *Held) Close() error {
	ctx, end := context.WithTimeout(context.Background(), closeWithin)
	defer end()
	return fault("close ledger", "", errors.Join(h.rights.give(ctx, h.conn), h.conn.Close(ctx)))
}
