package archive_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/archive"
	"chatbridge/migrate/internal/lockfile"
)

func TestAnArchiveHasOneWriterAndIsNotRemovedUnderIt(t *testing.T) {
	conflict := func(t *testing.T, err error) {
		t.Helper()
		require.Equal(t, migrate.Conflict, migrate.KindOf(err), "%v", err)
		require.ErrorContains(t, err, "an export is writing it")
		require.NotEmpty(t, migrate.HintOf(err))
	}
	manifest := archive.Manifest{AccountSID: "AC1", SourceAPI: "v1"}
	t.Run("in a folder", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "desk")
		w, err := archive.Continue(t.Context(), dir, manifest)
		require.NoError(t, err)
		_, err = archive.Look(dir)
		conflict(t, err)
		_, err = archive.Continue(t.Context(), dir, manifest)
		conflict(t, err)
		require.NoError(t, w.Abandon())
		r, err := archive.Look(dir)
		require.NoError(t, err)
		w, err = archive.Continue(t.Context(), dir, manifest)
		require.NoError(t, err)
		_, err = r.Remove()
		conflict(t, err)
		require.NoError(t, w.Close())
		r, err = archive.Look(dir)
		require.NoError(t, err)
		_, err = r.Remove()
		require.NoError(t, err)
		require.NoDirExists(t, dir)
	})
	t.Run("while its zip is packed", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "desk.zip")
		half := path + ".packing"
		require.NoError(t, os.WriteFile(half, []byte("PK"), 0o600))
		lock, taken, err := lockfile.Take(half, 0o600)
		require.NoError(t, err)
		require.True(t, taken)
		require.ErrorContains(t, archive.Pack(t.Context(), desk(t), path), "an export is writing it")
		raw, err := os.ReadFile(half)
		require.NoError(t, err)
		require.Equal(t, "PK", string(raw), "what the other one wrote is still there")
		require.NoError(t, os.Truncate(half, 0))
		_, err = archive.Look(half)
		conflict(t, err)
		require.NoError(t, lock.Close())
		require.NoError(t, archive.Pack(t.Context(), desk(t), path))
		_, err = archive.Look(path)
		require.NoError(t, err)
	})
}
