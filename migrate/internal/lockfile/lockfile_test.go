package lockfile

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/gofrs/flock"
	"github.com/stretchr/testify/require"
)

func TestTake(t *testing.T) {
	before := betweenAttempts
	t.Cleanup(func() { betweenAttempts = before })
	path := filepath.Join(t.TempDir(), "lock")

	t.Run("makes the file, and keeps others out until it is closed", func(t *testing.T) {
		_, err := Free(path)
		require.ErrorIs(t, err, fs.ErrNotExist)
		require.NoFileExists(t, path)
		lock, taken, err := Take(path, 0o600)
		require.NoError(t, err)
		require.True(t, taken)
		betweenAttempts = func() { require.Fail(t, "nobody only looks") }
		_, taken, err = Take(path, 0o600)
		require.NoError(t, err)
		require.False(t, taken)
		free, err := Free(path)
		require.NoError(t, err)
		require.False(t, free)
		require.NoError(t, lock.Close())
		free, err = Free(path)
		require.NoError(t, err)
		require.True(t, free)
	})
	t.Run("waits for somebody who only looks", func(t *testing.T) {
		looker := flock.New(path, flock.SetFlag(os.O_RDONLY))
		got, err := looker.TryRLock()
		require.NoError(t, err)
		require.True(t, got)
		waits := 0
		betweenAttempts = func() {
			if waits++; waits == 3 {
				require.NoError(t, looker.Close())
			}
		}
		lock, taken, err := Take(path, 0o600)
		require.NoError(t, err)
		require.True(t, taken)
		require.Equal(t, 3, waits)
		require.NoError(t, lock.Close())
	})
	t.Run("does not wait forever", func(t *testing.T) {
		looker := flock.New(path, flock.SetFlag(os.O_RDONLY))
		_, err := looker.TryRLock()
		require.NoError(t, err)
		betweenAttempts = func() {}
		_, taken, err := Take(path, 0o600)
		require.NoError(t, err)
		require.False(t, taken)
		require.NoError(t, looker.Close())
	})
}
