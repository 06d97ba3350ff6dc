//go:build unix

package sqlite_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/sqlite"
)

func TestModes(t *testing.T) {
	t.Run("nobody else can read the ledger's files, whatever the umask", func(t *testing.T) {
		old := syscall.Umask(0)
		defer syscall.Umask(old)
		path := filepath.Join(t.TempDir(), "ledger.db")
		l, err := sqlite.Open(t.Context(), path)
		require.NoError(t, err)
		put(t, l, 0, 10)
		require.NoError(t, l.Sync(t.Context()))
		for _, suffix := range []string{"", "-wal", "-shm", ".lock"} {
			info, err := os.Stat(path + suffix)
			require.NoError(t, err)
			require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), suffix)
		}
		require.NoError(t, l.Close())

		syscall.Umask(0o777)
		narrow := filepath.Join(t.TempDir(), "ledger.db")
		l, err = sqlite.Open(t.Context(), narrow)
		require.NoError(t, err)
		syscall.Umask(0)
		for _, suffix := range []string{"", ".lock"} {
			info, err := os.Stat(narrow + suffix)
			require.NoError(t, err)
			require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), suffix)
		}
		require.NoError(t, l.Close())

		require.NoError(t, os.Chmod(path, 0o644))
		l, err = sqlite.Open(t.Context(), path)
		require.NoError(t, err)
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
		require.NoError(t, l.Close())
	})
}
