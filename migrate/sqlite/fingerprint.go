package sqlite

import (
	"context"
	"database/sql"
	"maps"
	"slices"

	"chatbridge/migrate"
)

// Fingerprint is what the ledger is bound to; empty where it is not bound yet.
func (r *Reader) Fingerprint(ctx context.Context) (migrate.Fingerprint, error) {
	f := migrate.Fingerprint{}
	err := r.rows(ctx, `SELECT name, value FROM fingerprint`, nil, func(rows *sql.Rows) error {
		var name, value string
		if err := rows.Scan(&name, &value); err != nil {
			return err
		}
		f[name] = value
		return nil
	})
	if err != nil {
		return nil, fault("read fingerprint", "", err)
	}
	return f, nil
}

// Bind ties an empty ledger to a fingerprint and returns when that would survive
// a crash. It checks a used one against it: where they differ the error has Kind
// Conflict and names every setting that differs with both values.
func (l *Ledger) Bind(ctx context.Context, f migrate.Fingerprint) error {
	bound, err := l.Fingerprint(ctx)
	if err != nil {
		return err
	}
	if len(bound) > 0 {
		return bound.Agree(f)
	}
	return fault("bind ledger", "", l.group.putDurable(ctx, func(ctx context.Context) error {
		for _, name := range slices.Sorted(maps.Keys(f)) {
			if err := l.group.exec(ctx, `REPLACE INTO fingerprint (name, value) VALUES (?, ?)`, name, f[name]); err != nil {
				return err
			}
		}
		return nil
	}))
}
