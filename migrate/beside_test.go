package migrate_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
)

func TestOpenBeside(t *testing.T) {
	t.Run("refuses a link, also one that leads nowhere", func(t *testing.T) {
		dir := t.TempDir()
		for _, to := range []string{"there", "nowhere"} {
			require.NoError(t, os.WriteFile(filepath.Join(dir, "there"), nil, 0o600))
			link := filepath.Join(dir, "link-"+to)
			require.NoError(t, os.Symlink(filepath.Join(dir, to), link))
			_, err := migrate.OpenBeside(link, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
			require.ErrorIs(t, err, migrate.ErrSymlink)
			require.ErrorContains(t, err, link)
		}
		require.NoFileExists(t, filepath.Join(dir, "nowhere"))
	})
	t.Run("opens a file, and makes one", func(t *testing.T) {
		f, err := migrate.OpenBeside(filepath.Join(t.TempDir(), "new"), os.O_WRONLY|os.O_CREATE, 0o600)
		require.NoError(t, err)
		require.NoError(t, f.Close())
	})
}

func TestRemoveSeen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, []byte("ours"), 0o600))
	seen, err := os.Lstat(path)
	require.NoError(t, err)
	require.NoError(t, os.Rename(path, path+".old"))
	require.ErrorIs(t, migrate.RemoveSeen(path, seen), fs.ErrNotExist)
	require.NoError(t, os.WriteFile(path, []byte("theirs"), 0o600))
	require.ErrorIs(t, migrate.RemoveSeen(path, seen), migrate.ErrReplaced)
	require.NoError(t, os.Remove(path))
	if os.Symlink(path+".old", path) == nil {
		require.ErrorIs(t, migrate.RemoveSeen(path, seen), migrate.ErrReplaced, "a link to it is not it")
		require.NoError(t, os.Remove(path))
	}
	require.NoError(t, os.Rename(path+".old", path))
	require.NoError(t, migrate.RemoveSeen(path, seen))
	require.NoFileExists(t, path)
}
