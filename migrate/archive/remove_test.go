package archive_test

import (
	"archive/zip"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/archive"
)

// desk is a copy of a workspace that can be taken apart.
func desk(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "desk")
	require.NoError(t, os.CopyFS(dir, os.DirFS(filepath.Join("..", "..", "testdata", "workspaces", "support-desk"))))
	return dir
}

func TestRemove(t *testing.T) {
	t.Run("of a folder leaves nothing", func(t *testing.T) {
		dir := desk(t)
		r, err := archive.Look(dir)
		require.NoError(t, err)
		require.True(t, r.Finished)
		require.Empty(t, r.Others)
		require.Positive(t, r.Bytes)
		done, err := r.Remove()
		require.NoError(t, err)
		require.Equal(t, archive.Removed{Files: int64(len(r.Files)), Bytes: r.Bytes}, done)
		require.NoDirExists(t, dir)
	})
	t.Run("of a folder keeps what is no part of it, and does not look where links lead", func(t *testing.T) {
		dir, other := desk(t), desk(t)
		require.NoError(t, os.WriteFile(filepath.Join(dir, "services", "notes.txt"), nil, 0o600))
		require.NoError(t, os.MkdirAll(filepath.Join(dir, "photos", "services"), 0o700))
		want := []string{"photos/", "services/notes.txt"}
		if os.Symlink(filepath.Join(other, "services"), filepath.Join(dir, "services", "IS00000000000000000000000000000001")) == nil {
			want = []string{"photos/", "services/IS00000000000000000000000000000001", "services/notes.txt"}
		}
		r, err := archive.Look(dir)
		require.NoError(t, err)
		require.Equal(t, want, r.Others)
		_, err = r.Remove()
		require.NoError(t, err)
		require.NoFileExists(t, filepath.Join(dir, archive.ManifestPath))
		require.FileExists(t, filepath.Join(dir, "services", "notes.txt"))
		require.Equal(t, 1, filesIn(t, dir))
		again, err := archive.Look(other)
		require.NoError(t, err)
		require.Len(t, again.Files, len(r.Files))
	})
	t.Run("that was cut off goes on when it is asked again", func(t *testing.T) {
		dir := desk(t)
		r, err := archive.Look(dir)
		require.NoError(t, err)
		for _, name := range r.Files[len(r.Files)/2:] {
			if name != archive.ManifestPath {
				require.NoError(t, os.Remove(filepath.Join(dir, name)))
			}
		}
		done, err := r.Remove()
		require.NoError(t, err, "what is gone meanwhile is gone")
		require.Less(t, done.Files, int64(len(r.Files)))
		require.NoDirExists(t, dir)
	})
	t.Run("of a zip, half a zip and an export that was not finished", func(t *testing.T) {
		dir := desk(t)
		path := filepath.Join(t.TempDir(), "desk.zip")
		require.NoError(t, archive.Pack(t.Context(), dir, path))
		raw, err := os.ReadFile(path)
		require.NoError(t, err)
		half := path + ".packing"
		require.NoError(t, os.WriteFile(half, raw[:len(raw)/2], 0o600))
		empty := path + ".2.packing"
		require.NoError(t, os.WriteFile(empty, nil, 0o600))
		w, err := archive.Create(path+".unfinished", archive.Manifest{AccountSID: "AC1", SourceAPI: "v1"})
		require.NoError(t, err)
		require.NoError(t, w.Abandon())
		for _, path := range []string{path, half, empty, path + ".unfinished"} {
			r, err := archive.Look(path)
			require.NoError(t, err)
			_, err = r.Remove()
			require.NoError(t, err)
			require.NoFileExists(t, path)
			require.NoDirExists(t, path)
		}
	})
}

func TestRemoveKeepsWhatItDidNotLookAt(t *testing.T) {
	dir := desk(t)
	zipped := filepath.Join(t.TempDir(), "desk.zip")
	require.NoError(t, archive.Pack(t.Context(), dir, zipped))
	for _, path := range []string{dir, zipped} {
		other := desk(t)
		r, err := archive.Look(path)
		require.NoError(t, err)
		require.NoError(t, os.Rename(path, path+".old"))
		require.NoError(t, os.Rename(other, path))
		done, err := r.Remove()
		require.ErrorIs(t, err, migrate.ErrReplaced)
		require.Zero(t, done)
		require.Len(t, r.Files, filesIn(t, path)*min(1, len(r.Files)))
		require.NoError(t, os.Rename(path, other))
		if os.Symlink(other, path) == nil {
			_, err = r.Remove()
			require.ErrorIs(t, err, migrate.ErrReplaced)
			require.FileExists(t, filepath.Join(other, archive.ManifestPath))
		}
	}
}

func TestRemoveInTheWorkingFolder(t *testing.T) {
	dir := desk(t)
	t.Chdir(dir)
	r, err := archive.Look(".")
	require.NoError(t, err)
	done, err := r.Remove()
	require.NoError(t, err)
	require.Len(t, r.Files, int(done.Files))
	require.Zero(t, filesIn(t, dir))
	require.DirExists(t, dir)
}

func TestRemoveSaysHowFarItCame(t *testing.T) {
	dir := desk(t)
	r, err := archive.Look(dir)
	require.NoError(t, err)
	last := filepath.Join(dir, archive.ManifestPath)
	require.NoError(t, os.Remove(last))
	require.NoError(t, os.MkdirAll(filepath.Join(last, "below"), 0o700)) // no file, and not empty
	done, err := r.Remove()
	require.Error(t, err)
	require.Len(t, r.Files, int(done.Files)+1)
	require.Positive(t, done.Bytes)
	require.Less(t, done.Bytes, r.Bytes)
}

func TestLookRefuses(t *testing.T) {
	t.Run("what is no archive", func(t *testing.T) {
		dir := t.TempDir()
		for name, text := range map[string]string{
			"a.txt": "hello", "b.zip": "hello", "c.zip.packing": "hello", "d.zip.packing": "PK\x03\x04 and so on, with more than thirty bytes",
			"other/manifest.json": `{"schema_version":1,"name":"another program"}`,
			"empty/notes.txt":     "",
			"torn/manifest.json":  `{`,
		} {
			path := filepath.Join(dir, name)
			require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
			require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		}
		for _, name := range []string{"a.txt", "b.zip", "c.zip.packing", "d.zip.packing", "other", "empty", "torn"} {
			_, err := archive.Look(filepath.Join(dir, name))
			require.ErrorIs(t, err, archive.ErrOther, name)
		}
		_, err := archive.Look(filepath.Join(dir, "none"))
		require.ErrorIs(t, err, fs.ErrNotExist)
	})
	t.Run("a zip with somebody's files beside the archive", func(t *testing.T) {
		for _, folder := range []string{"", "desk/"} {
			path := filepath.Join(t.TempDir(), "mixed.zip")
			f, err := os.Create(path)
			require.NoError(t, err)
			z := zip.NewWriter(f)
			for _, name := range []string{"manifest.json", "photo.jpg"} {
				w, err := z.Create(folder + name)
				require.NoError(t, err)
				_, err = w.Write([]byte(`{"schema_version":1,"account_sid":"AC1","source_api":"v1"}`))
				require.NoError(t, err)
			}
			require.NoError(t, z.Close())
			require.NoError(t, f.Close())
			_, err = archive.Look(path)
			require.ErrorIs(t, err, archive.ErrMixed)
		}
	})
	t.Run("a link to an archive", func(t *testing.T) {
		link := filepath.Join(t.TempDir(), "link")
		if err := os.Symlink(desk(t), link); err != nil {
			t.Skip("this system makes no links")
		}
		_, err := archive.Look(link)
		require.ErrorIs(t, err, migrate.ErrSymlink)
	})
}

func filesIn(t *testing.T, dir string) int {
	t.Helper()
	n := 0
	require.NoError(t, filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			n++
		}
		return err
	}))
	return n
}
