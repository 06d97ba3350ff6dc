package postgres

import (
	"context"
	"maps"
	"slices"

	"chatbridge/migrate"
)

// Bind ties an empty ledger to a fingerprint and returns when that would survive
// a crash. It checks a used one against it: if they differ the error has Kind
// Conflict and names every setting that differs with both values.
func (l *Ledger) Bind(ctx context.Context, f migrate.Fingerprint) error {
	bound, err := l.Fingerprint(ctx)
	if err != nil {
		return err
	}
	if len(bound) > 0 {
		return bound.Agree(f)
	}
	return fault("bind ledger", "", l.putDurable(ctx, fingerprints, settings(f)...))
}

// Rebind ties the ledger to another fingerprint and returns when that would
// survive a crash. What the ledger knows stays as it is, but that channels
// were listed: other settings leave out other things. If one of the fixed settings
// differs it changes nothing, and the error is that of Bind.
func (l *Ledger) Rebind(ctx context.Context, f migrate.Fingerprint, fixed ...string) error {
	bound, err := l.Fingerprint(ctx)
	if err != nil {
		return err
	}
	if len(bound) > 0 && len(fixed) > 0 {
		if err := bound.Agree(f, fixed...); err != nil {
			return err
		}
	}
	return fault("rebind ledger", "", l.group.put(ctx, true, func(g *group) {
		g.change(fingerprints, `DELETE FROM chatbridge.fingerprints WHERE migration_id = $1`)
		if !maps.Equal(bound, f) {
			g.change(channels, `UPDATE chatbridge.channels SET listed = false, listed_members = 0, listed_messages = 0, left_out_members = 0, left_out_messages = 0 WHERE migration_id = $1`)
		}
		g.putRows(fingerprints, settings(f))
	}))
}

func settings(f migrate.Fingerprint) (rows [][]any) {
	for _, name := range slices.Sorted(maps.Keys(f)) {
		rows = append(rows, []any{packText(name), packText(f[name])})
	}
	return rows
}
