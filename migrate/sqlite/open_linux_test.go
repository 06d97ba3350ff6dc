package sqlite_test

import (
	"os"
	"path/filepath"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/sqlite"
)

// openFiles are those that this process has open below a folder.
func openFiles(t *testing.T, folder string) (all []string) {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	require.NoError(t, err)
	for _, e := range entries {
		if name, err := os.Readlink(filepath.Join("/proc/self/fd", e.Name())); err == nil && (name == folder || filepath.Dir(name) == folder) {
			all = append(all, name)
		}
	}
	return all
}

// A file that stays open holds a lock on some systems, and a long run would run
// out of them.
func TestNothingStaysOpen(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // it would close what nobody holds any more
	path := filepath.Join(t.TempDir(), "ledger.db")
	folder := filepath.Dir(path)
	l, err := sqlite.Open(t.Context(), path)
	require.NoError(t, err)
	held := openFiles(t, folder)
	require.NotEmpty(t, held)
	require.NotContains(t, held, folder)
	_, err = sqlite.Open(t.Context(), path)
	require.Error(t, err)
	require.Equal(t, held, openFiles(t, folder), "refused, since it is in use")
	require.NoError(t, l.Close())
	require.Empty(t, openFiles(t, folder))

	l, err = sqlite.Open(t.Context(), path)
	require.NoError(t, err)
	require.NoError(t, l.Close())
	require.Empty(t, openFiles(t, folder), "opened again")
	r, err := sqlite.OpenReader(t.Context(), path)
	require.NoError(t, err)
	require.NoError(t, r.Close())
	require.Empty(t, openFiles(t, folder), "read and closed")

	alter(t, path, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)")
	_, err = sqlite.Open(t.Context(), path)
	require.Error(t, err)
	_, err = sqlite.OpenReader(t.Context(), path)
	require.Error(t, err)
	require.Empty(t, openFiles(t, folder), "refused, since it is newer")
}
