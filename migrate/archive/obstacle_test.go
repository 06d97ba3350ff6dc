package archive_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/archive"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
)

// TestExportThatCannotWrite puts an obstacle in the place of each file, one after
// the other. The export ends and names the file, nothing is finished, and it
// goes on when the obstacle is gone.
func TestExportThatCannotWrite(t *testing.T) {
	r := rig.NewRig(t, emulator.Config{Archive: small()})
	straight := filepath.Join(t.TempDir(), "straight")
	_, err := exported(t.Context(), t, r, straight)
	require.NoError(t, err)
	a, closer, err := archive.OpenPath(straight)
	require.NoError(t, err)
	require.NoError(t, closer.Close())
	want := files(t, os.DirFS(straight))
	names := []string{archive.ManifestPath}
	for name := range a.Manifest.Files {
		names = append(names, name)
	}
	for obstacle, suffix := range map[string]string{"a folder": "", "a folder in the place of what is not complete": ".unfinished", "a link": ".unfinished"} {
		t.Run(obstacle, func(t *testing.T) {
			for _, name := range names {
				dir := filepath.Join(t.TempDir(), "made")
				w, err := archive.Continue(t.Context(), dir, manifest)
				require.NoError(t, err)
				require.NoError(t, w.Abandon())
				there := filepath.Join(dir, filepath.FromSlash(name)) + suffix
				require.NoError(t, os.MkdirAll(filepath.Dir(there), 0o700))
				if obstacle == "a link" {
					require.NoError(t, os.Symlink("elsewhere", there))
				} else {
					require.NoError(t, os.MkdirAll(filepath.Join(there, "x"), 0o700))
				}
				if name == archive.ManifestPath && suffix == "" {
					_, err := archive.Continue(t.Context(), dir, manifest)
					require.ErrorIs(t, err, archive.ErrExists)
					continue
				}
				_, err = exported(t.Context(), t, r, dir)
				require.ErrorContains(t, err, name)
				require.NoFileExists(t, filepath.Join(dir, archive.ManifestPath))
				require.NoFileExists(t, filepath.Join(filepath.Dir(there), "elsewhere"))
				require.NoError(t, os.RemoveAll(there))
				if name != archive.ManifestPath {
					_, err = exported(t.Context(), t, r, dir)
					require.NoError(t, err, name)
					require.Equal(t, want, files(t, os.DirFS(dir)), name)
				}
			}
		})
	}
}

func TestContinueAfterDamage(t *testing.T) {
	const head = `{"schema_version":1,"account_sid":"` + emulator.DefaultAccountSID + `","source_api":"v1"}` + "\n"
	for name, c := range map[string]struct {
		journal string
		want    string
		kind    migrate.Kind
	}{
		"no first line":           {"", "it has no first line", migrate.Failed},
		"a first line of no JSON": {"x\n", "read journal", migrate.Failed},
		"a line of no JSON":       {head + "x\n", "line 2", migrate.Failed},
		"a path of no archive":    {head + `{"path":"../x"}` + "\n", "line 2", migrate.Failed},
		"a line without an end":   {head + "{", "", 0},
		"a line that is too long": {head + strings.Repeat("x", archive.MaxLine+9) + "\n", "line is too long", migrate.Failed},
		"a newer schema":          {strings.Replace(head, `:1,`, `:2,`, 1), "schema version 2", migrate.Usage},
	} {
		t.Run("of the journal: "+name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "unfinished.jsonl")
			require.NoError(t, os.WriteFile(path, []byte(c.journal), 0o600))
			w, err := archive.Continue(t.Context(), dir, manifest)
			if c.want == "" {
				require.NoError(t, err)
				require.NoError(t, w.Abandon())
				return
			}
			require.ErrorContains(t, err, c.want)
			require.Equal(t, c.kind, migrate.KindOf(err))
			raw, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, c.journal, string(raw), "it is left as it was")
		})
	}

	t.Run("a file in the place of the folder is refused", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "made")
		require.NoError(t, os.WriteFile(path, []byte("letter"), 0o600))
		_, err := archive.Continue(t.Context(), path, manifest)
		require.ErrorContains(t, err, path)
		_, err = archive.Create(path, manifest)
		require.ErrorContains(t, err, "create archive")
	})

	t.Run("a link in the place of the journal is not followed", func(t *testing.T) {
		dir := t.TempDir()
		require.NoError(t, os.Symlink("victim", filepath.Join(dir, "unfinished.jsonl.unfinished")))
		_, err := archive.Create(dir, manifest)
		require.ErrorIs(t, err, migrate.ErrSymlink)
		require.NoFileExists(t, filepath.Join(dir, "victim"))
	})

	t.Run("it stops when it is told to", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "made")
		w, err := archive.Continue(t.Context(), dir, manifest)
		require.NoError(t, err)
		write(t, w, archive.UsersPath(serviceSID), `{"sid":"US1"}`)
		require.NoError(t, w.Abandon())
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err = archive.Continue(ctx, dir, manifest)
		require.Equal(t, migrate.Interrupted, migrate.KindOf(err))
		w, err = archive.Continue(t.Context(), dir, manifest)
		require.NoError(t, err)
		_, kept := w.Kept(archive.UsersPath(serviceSID))
		require.True(t, kept)
		require.NoError(t, w.Abandon())
	})
}

func TestPack(t *testing.T) {
	made := func(t *testing.T) string {
		dir := filepath.Join(t.TempDir(), "made")
		_, err := exported(t.Context(), t, rig.NewRig(t, emulator.Config{Archive: small()}), dir)
		require.NoError(t, err)
		return dir
	}
	t.Run("gives an archive with the same files, and leaves the folder", func(t *testing.T) {
		dir := made(t)
		require.NoError(t, os.WriteFile(filepath.Join(dir, "letter.txt"), []byte("mine"), 0o600))
		path := filepath.Join(t.TempDir(), "new", "made.zip")
		require.NoError(t, archive.Pack(t.Context(), dir, path))
		zip, closer, err := archive.OpenPath(path)
		require.NoError(t, err)
		defer closer.Close()
		require.NoError(t, zip.Verify(t.Context()))
		folder, closeFolder, err := archive.OpenPath(dir)
		require.NoError(t, err)
		defer closeFolder.Close()
		require.Equal(t, folder.Manifest, zip.Manifest)
		require.Equal(t, folder.Counts(), zip.Counts())
		require.Equal(t, folder.Size(), zip.Size())
		left, err := os.ReadDir(filepath.Dir(path))
		require.NoError(t, err)
		require.Len(t, left, 1)
		again := path + ".again"
		require.NoError(t, archive.Pack(t.Context(), dir, again))
		first, err := os.ReadFile(path)
		require.NoError(t, err)
		second, err := os.ReadFile(again)
		require.NoError(t, err)
		require.Equal(t, first, second, "the same archive gives the same bytes")
	})
	t.Run("leaves nothing when it is stopped, or cannot write", func(t *testing.T) {
		dir := made(t)
		out := t.TempDir()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.ErrorIs(t, archive.Pack(ctx, dir, filepath.Join(out, "made.zip")), context.Canceled)
		left, err := os.ReadDir(out)
		require.NoError(t, err)
		require.Empty(t, left)

		require.NoError(t, os.WriteFile(filepath.Join(out, "file"), nil, 0o600))
		require.ErrorContains(t, archive.Pack(t.Context(), dir, filepath.Join(out, "file", "made.zip")), "pack archive")
		require.NoError(t, os.Symlink("victim", filepath.Join(out, "linked.zip.packing")))
		require.ErrorIs(t, archive.Pack(t.Context(), dir, filepath.Join(out, "linked.zip")), migrate.ErrSymlink)
		require.NoFileExists(t, filepath.Join(out, "victim"))
		require.NoError(t, os.MkdirAll(filepath.Join(out, "taken.zip", "x"), 0o700))
		require.ErrorContains(t, archive.Pack(t.Context(), dir, filepath.Join(out, "taken.zip")), "pack archive")
	})
	t.Run("refuses what is not finished", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "made")
		w, err := archive.Continue(t.Context(), dir, manifest)
		require.NoError(t, err)
		require.NoError(t, w.Abandon())
		path := filepath.Join(t.TempDir(), "made.zip")
		require.Equal(t, migrate.Usage, migrate.KindOf(archive.Pack(t.Context(), dir, path)))
		require.NoFileExists(t, path)
	})
}
