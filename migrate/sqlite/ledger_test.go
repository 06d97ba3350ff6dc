package sqlite_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/ledgertest"
	"chatbridge/migrate/sqlite"
)

func TestLedger(t *testing.T) {
	ledgertest.Run(t, func(t *testing.T) ledgertest.Store {
		return stored(filepath.Join(t.TempDir(), "ledger.db"))
	})
}

// stored is the ledger at path.
func stored(path string) ledgertest.Store {
	return ledgertest.Store{
		Open:   func(ctx context.Context) (migrate.Ledger, error) { return sqlite.Open(ctx, path) },
		Read:   func(ctx context.Context) (migrate.LedgerReader, error) { return sqlite.OpenReader(ctx, path) },
		Crash:  func(t *testing.T) ledgertest.Store { return stored(copied(t, path)) },
		Damage: func(t *testing.T) { damage(t, path) },
	}
}

// copied copies the files of an open ledger as a crash would leave them: shared
// memory and locks do not survive one.
func copied(t *testing.T, path string) string {
	t.Helper()
	files, err := filepath.Glob(path + "*")
	require.NoError(t, err)
	folder := t.TempDir()
	for _, file := range files {
		if strings.HasSuffix(file, "-shm") || strings.HasSuffix(file, ".lock") {
			continue
		}
		from, err := os.Open(file)
		require.NoError(t, err)
		to, err := os.Create(filepath.Join(folder, filepath.Base(file)))
		require.NoError(t, err)
		_, err = io.Copy(to, from)
		require.NoError(t, err)
		require.NoError(t, from.Close())
		require.NoError(t, to.Close())
	}
	return filepath.Join(folder, filepath.Base(path))
}

// damage empties a page in the middle of the file.
func damage(t *testing.T, path string) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	require.NoError(t, err)
	info, err := file.Stat()
	require.NoError(t, err)
	_, err = file.WriteAt(make([]byte, 4096), info.Size()/2/4096*4096)
	require.NoError(t, err)
	require.NoError(t, file.Close())
}
