package sqlite

import (
	"context"
	"maps"
	"slices"

	"chatbridge/migrate"
)

// Rebind ties the ledger to another fingerprint and returns when that would
// survive a crash. What the ledger knows stays as it is, but that channels
// were listed: other settings leave out other things. Where one of the fixed settings
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
	return fault("rebind ledger", "", l.group.putDurable(ctx, func(ctx context.Context) error {
		if err := l.group.exec(ctx, `DELETE FROM fingerprint`); err != nil {
			return err
		}
		if !maps.Equal(bound, f) {
			if err := l.group.exec(ctx, `UPDATE channels SET listed = 0, listed_members = 0, listed_messages = 0, left_out_members = 0, left_out_messages = 0`); err != nil {
				return err
			}
		}
		for _, name := range slices.Sorted(maps.Keys(f)) {
			if err := l.group.exec(ctx, `INSERT INTO fingerprint (name, value) VALUES (?, ?)`, name, f[name]); err != nil {
				return err
			}
		}
		return nil
	}))
}
