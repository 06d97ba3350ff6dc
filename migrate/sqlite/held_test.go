package sqlite_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/sqlite"
)

// removeAll does what a purge does.
func removeAll(t *testing.T, h *sqlite.Held) {
	t.Helper()
	for _, file := range h.Files() {
		require.NoError(t, h.Remove(file))
	}
	require.NoError(t, h.Close())
}

// logged is a ledger of which its log holds what marks it, as after a kill.
func logged(t *testing.T) string {
	t.Helper()
	path, copied := filepath.Join(t.TempDir(), "l.db"), filepath.Join(t.TempDir(), "copy.db")
	l, err := sqlite.Open(t.Context(), path)
	require.NoError(t, err)
	require.NoError(t, l.Bind(t.Context(), migrate.Fingerprint{"a": "b"}))
	for _, suffix := range []string{"", "-wal"} {
		raw, err := os.ReadFile(path + suffix)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(copied+suffix, raw, 0o600))
	}
	require.NoError(t, l.Close())
	return copied
}

func TestHold(t *testing.T) {
	made := func(t *testing.T) string {
		path := filepath.Join(t.TempDir(), "l.db")
		l, err := sqlite.Open(t.Context(), path)
		require.NoError(t, err)
		require.NoError(t, l.Close())
		return path
	}
	t.Run("removes the ledger and all that is beside it", func(t *testing.T) {
		path := made(t)
		for _, suffix := range []string{"-wal", "-shm", "-journal"} {
			require.NoError(t, os.WriteFile(path+suffix, nil, 0o600))
		}
		require.NoError(t, os.WriteFile(path+".notes", nil, 0o600))
		h, err := sqlite.Hold(t.Context(), path)
		require.NoError(t, err)
		removeAll(t, h)
		left, err := os.ReadDir(filepath.Dir(path))
		require.NoError(t, err)
		require.Len(t, left, 1)
		require.Equal(t, "l.db.notes", left[0].Name())
	})
	t.Run("refuses one that is in use, and so does a look", func(t *testing.T) {
		path := made(t)
		l, err := sqlite.Open(t.Context(), path)
		require.NoError(t, err)
		_, err = sqlite.Hold(t.Context(), path)
		require.Equal(t, migrate.Conflict, migrate.KindOf(err))
		_, err = sqlite.Look(t.Context(), path)
		require.Equal(t, migrate.Conflict, migrate.KindOf(err))
		require.NoError(t, l.Close())
		files, err := sqlite.Look(t.Context(), path)
		require.NoError(t, err)
		require.Equal(t, []string{path}, files)
	})
	t.Run("keeps others out until it is closed", func(t *testing.T) {
		path := made(t)
		h, err := sqlite.Hold(t.Context(), path)
		require.NoError(t, err)
		_, err = sqlite.Open(t.Context(), path)
		require.Equal(t, migrate.Conflict, migrate.KindOf(err))
		require.NoError(t, h.Close())
		l, err := sqlite.Open(t.Context(), path)
		require.NoError(t, err)
		require.NoError(t, l.Close())
	})
	t.Run("keeps a file that was put in its place", func(t *testing.T) {
		path := made(t)
		h, err := sqlite.Hold(t.Context(), path)
		require.NoError(t, err)
		require.NoError(t, os.Rename(path, path+".old"))
		require.NoError(t, os.WriteFile(path, []byte("mine"), 0o600))
		require.Equal(t, migrate.Conflict, migrate.KindOf(h.Remove(path)))
		require.NoError(t, h.Close())
		require.FileExists(t, path)
	})
	t.Run("removes the ledger before its log, and knows a log that a crash leaves", func(t *testing.T) {
		path := logged(t)
		h, err := sqlite.Hold(t.Context(), path)
		require.NoError(t, err)
		files := h.Files()
		require.Less(t, slices.Index(files, path), slices.Index(files, path+"-wal"))
		for _, file := range files {
			require.NoError(t, h.Remove(file))
			if file == path {
				break
			}
		}
		require.NoError(t, h.Close())
		files, err = sqlite.Look(t.Context(), path)
		require.NoError(t, err)
		require.Equal(t, []string{path + "-wal"}, files)
		h, err = sqlite.Hold(t.Context(), path)
		require.NoError(t, err)
		removeAll(t, h)
		require.NoFileExists(t, path+"-wal")
	})
	t.Run("leaves nothing beside a file of another program", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "other.db")
		db, err := sql.Open("sqlite", path)
		require.NoError(t, err)
		_, err = db.ExecContext(t.Context(), "PRAGMA journal_mode = wal; CREATE TABLE people (name TEXT)")
		require.NoError(t, err)
		require.NoError(t, db.Close())
		_, err = sqlite.Look(t.Context(), path)
		require.Equal(t, migrate.Usage, migrate.KindOf(err))
		require.ErrorContains(t, err, "another program")
		require.NoFileExists(t, path+"-wal")
		require.NoFileExists(t, path+"-shm")
		for name, log := range map[string]string{"short": "7", "other": strings.Repeat("7", 200), "none": "\x37\x7f\x06\x82" + strings.Repeat("\x00", 200)} {
			lost := filepath.Join(t.TempDir(), name)
			require.NoError(t, os.WriteFile(lost+"-wal", []byte(log), 0o600))
			_, err = sqlite.Look(t.Context(), lost)
			require.Equal(t, migrate.NotFound, migrate.KindOf(err), name)
		}
	})
	t.Run("keeps a link that was put beside it", func(t *testing.T) {
		path := made(t)
		h, err := sqlite.Hold(t.Context(), path)
		require.NoError(t, err)
		if err := os.Symlink(path, path+"-wal"); err != nil {
			t.Skip("this system makes no links")
		}
		require.Equal(t, migrate.Conflict, migrate.KindOf(h.Remove(path+"-wal")))
		require.NoError(t, h.Close())
		require.FileExists(t, path+"-wal")
	})
	t.Run("knows one that was killed before anything reached the file itself", func(t *testing.T) {
		copied := logged(t)
		h, err := sqlite.Hold(t.Context(), copied)
		require.NoError(t, err)
		removeAll(t, h)
		require.NoFileExists(t, copied+"-wal")
	})
	t.Run("knows one that nobody can read any more", func(t *testing.T) {
		path := made(t)
		raw, err := os.ReadFile(path)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(path, raw[:100], 0o600))
		_, err = sqlite.OpenReader(t.Context(), path)
		require.Error(t, err)
		h, err := sqlite.Hold(t.Context(), path)
		require.NoError(t, err)
		removeAll(t, h)
	})
	t.Run("refuses what is no ledger, and says that nothing is there", func(t *testing.T) {
		dir := t.TempDir()
		for name, kind := range map[string]migrate.Kind{"text": migrate.Usage, "empty": migrate.NotFound, "none": migrate.NotFound, "": migrate.Usage} {
			path := filepath.Join(dir, name)
			switch name {
			case "text":
				require.NoError(t, os.WriteFile(path, []byte("hello"), 0o600))
			case "empty":
				require.NoError(t, os.WriteFile(path, nil, 0o600))
			}
			_, err := sqlite.Hold(t.Context(), path)
			require.Equal(t, kind, migrate.KindOf(err), name)
		}
	})
	t.Run("follows no link, at its place or beside it", func(t *testing.T) {
		path := made(t)
		link := filepath.Join(t.TempDir(), "link.db")
		if err := os.Symlink(path, link); err != nil {
			t.Skip("this system makes no links")
		}
		_, err := sqlite.Hold(t.Context(), link)
		require.Equal(t, migrate.Usage, migrate.KindOf(err))
		for _, suffix := range []string{"-wal", "-shm", "-journal", ".lock"} {
			other := made(t)
			require.NoError(t, os.Symlink(path, other+suffix))
			_, err := sqlite.Hold(t.Context(), other)
			require.Equal(t, migrate.Usage, migrate.KindOf(err), suffix)
			_, err = sqlite.Look(t.Context(), other)
			require.Equal(t, migrate.Usage, migrate.KindOf(err), suffix)
		}
		require.FileExists(t, path)
	})
}
