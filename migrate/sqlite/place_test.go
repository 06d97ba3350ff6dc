package sqlite_test

import (
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/sqlite"
)

func TestFileThatIsGone(t *testing.T) {
	for name, c := range map[string]struct {
		meddle func(t *testing.T, path string)
		says   string
	}{
		"removed": {func(t *testing.T, path string) { require.NoError(t, os.Remove(path)) }, "it was removed or renamed"},
		"renamed": {func(t *testing.T, path string) { require.NoError(t, os.Rename(path, path+".old")) }, "it was removed or renamed"},
		"replaced by a copy of itself": {func(t *testing.T, path string) {
			raw, err := os.ReadFile(path)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(path+".new", raw, 0o600))
			require.NoError(t, os.Rename(path+".new", path))
		}, "another file was put in its place"},
	} {
		t.Run(name+" is noticed when the next group is committed, and nothing more is taken", func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "ledger.db")
			synctest.Test(t, func(t *testing.T) {
				l, err := sqlite.Open(t.Context(), path)
				require.NoError(t, err)
				put(t, l, 0, 5)
				require.NoError(t, l.Sync(t.Context()))
				c.meddle(t, path)
				put(t, l, 5, 6)
				time.Sleep(250 * time.Millisecond)
				synctest.Wait()
				err = l.PutMessage(t.Context(), sid("CH", 1), migrate.MessageRecord{SourceIndex: 6})
				require.ErrorContains(t, err, c.says)
				require.ErrorContains(t, err, path)
				require.Equal(t, migrate.Conflict, migrate.KindOf(err))
				require.Contains(t, migrate.HintOf(err), "put the file back")
				require.Error(t, l.PutRun(t.Context(), migrate.RunRecord{ID: "r"}), "it stays so")
				require.ErrorContains(t, l.Close(), c.says)
			})
		})
	}

	t.Run("is noticed by what must be durable at once", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "ledger.db")
		l, err := sqlite.Open(t.Context(), path)
		require.NoError(t, err)
		require.NoError(t, os.Remove(path))
		require.ErrorContains(t, l.PutRun(t.Context(), migrate.RunRecord{ID: "r"}), "removed")
		require.Error(t, l.Close())
	})
}

func TestLockOfAnother(t *testing.T) {
	t.Run("is not removed by a ledger whose own lock file is gone", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "ledger.db")
		first, err := sqlite.Open(t.Context(), path)
		require.NoError(t, err)
		for _, suffix := range []string{"", "-wal", "-shm", ".lock"} {
			require.NoError(t, os.Remove(path+suffix))
		}
		second, err := sqlite.Open(t.Context(), path)
		require.NoError(t, err)
		_ = first.Close()
		require.FileExists(t, path+".lock")
		_, err = sqlite.Open(t.Context(), path)
		require.Equal(t, migrate.Conflict, migrate.KindOf(err))
		require.NoError(t, second.Close())
	})
}

func TestIdentityOfFile(t *testing.T) {
	t.Run("a copy has the same ID and is another file, and a reader agrees with the writer", func(t *testing.T) {
		dir := t.TempDir()
		path, elsewhere := filepath.Join(dir, "a.db"), filepath.Join(dir, "b.db")
		l, err := sqlite.Open(t.Context(), path)
		require.NoError(t, err)
		require.NoError(t, l.PutRun(t.Context(), migrate.RunRecord{ID: "first"}))
		one, err := l.Identity(t.Context())
		require.NoError(t, err)
		require.Equal(t, "first", one.ID)
		require.NotEmpty(t, one.File)
		r, err := sqlite.OpenReader(t.Context(), path)
		require.NoError(t, err)
		read, err := r.Identity(t.Context())
		require.NoError(t, err)
		require.Equal(t, one, read)
		require.NoError(t, r.Close())
		require.NoError(t, l.Close())

		raw, err := os.ReadFile(path)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(elsewhere, raw, 0o600))
		c, err := sqlite.Open(t.Context(), elsewhere)
		require.NoError(t, err)
		other, err := c.Identity(t.Context())
		require.NoError(t, err)
		require.Equal(t, one.ID, other.ID)
		require.NotEqual(t, one.File, other.File)
		require.NoError(t, c.Close())
	})
}
