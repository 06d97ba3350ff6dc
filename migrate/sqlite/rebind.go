package sqlite

import (
	"context"
	"maps"
	"slices"

	"chatbridge/migrate"
)

// Rebind ties the ledger to another fingerprint and returns when that would
// survive a crash. What the ledger knows stays as it is. Where one of the fixed
// settings differs it changes nothing, and the error is that of Bind.
func (l *Ledger) Rebind(ctx context.Context, f migrate.Fingerprint, fixed ...string) error {
	bound, err := l.Fingerprint(ctx)
	if err != nil {
		return err
	}
	if len(bound) > 0 {
		keep := func(all migrate.Fingerprint) migrate.Fingerprint {
			kept := maps.Clone(all)
			maps.DeleteFunc(kept, func(name, _ string) bool { return !slices.Contains(fixed, name) })
			return kept
		}
		if err := compare(keep(bound), keep(f)); err != nil {
			return err
		}
	}
	return fault("rebind ledger", "", l.group.putDurable(ctx, func(ctx context.Context) error {
		if err := l.group.exec(ctx, `DELETE FROM fingerprint`); err != nil {
			return err
		}
		for _, name := range slices.Sorted(maps.Keys(f)) {
			if err := l.group.exec(ctx, `INSERT INTO fingerprint (name, value) VALUES (?, ?)`, name, f[name]); err != nil {
				return err
			}
		}
		return nil
	}))
}
