package sqlite

import (
	"cmp"
	"context"
	"os"
	"path/filepath"

	"chatbridge/migrate"
)

// Temporary is an empty ledger in a folder of its own. Close removes it.
type Temporary struct {
	*Ledger
	folder string
}

// OpenTemporary makes one, where the system keeps temporary files.
func OpenTemporary(ctx context.Context) (migrate.Ledger, error) {
	folder, err := os.MkdirTemp("", "chatbridge-")
	if err != nil {
		return nil, fault("open temporary ledger", "", err)
	}
	l, err := Open(ctx, filepath.Join(folder, "ledger.db"))
	if err != nil {
		return nil, cmp.Or(err, os.RemoveAll(folder))
	}
	return &Temporary{l, folder}, nil
}

// Close is of migrate.Ledger.
func (t *Temporary) Close() error {
	return cmp.Or(t.Ledger.Close(), fault("remove temporary ledger", "", os.RemoveAll(t.folder)))
}
