package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gofrs/flock"
	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/internal/lockfile"
)

func TestStoredForms(t *testing.T) {
	digits := strings.Repeat("0a", 16)
	require.Equal(t, digits, packSID("", digits), "without a prefix nothing is implied")
	require.Equal(t, digits, packSID(channelPrefix, digits), "what lacks the prefix would come back with it")
	require.Len(t, packSID(channelPrefix, "CH"+digits), 16)

	at := time.Now()
	require.NoError(t, packedTime{&at}.Scan(nil))
	require.True(t, at.IsZero())
}

func TestErrorsOfTheFileSystem(t *testing.T) {
	for _, err := range []error{fs.ErrPermission, fs.ErrNotExist, syscall.ENOTDIR, syscall.EROFS} {
		require.Equal(t, migrate.Usage, migrate.KindOf(refusePath(fmt.Errorf("open: %w", err))), err)
	}
	err := refusePath(syscall.EIO)
	require.Equal(t, migrate.Failed, migrate.KindOf(err))
	require.ErrorIs(t, err, syscall.EIO)
	require.Zero(t, resultCode(errors.New("no error of SQLite")))
}

// A lock on a file that is gone, or that another has taken the name of, keeps
// nobody out.
func TestCurrent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db.lock")
	require.NoError(t, made(path))
	file := flock.New(path)
	locked, err := file.TryLock()
	require.NoError(t, err)
	require.True(t, locked)
	require.True(t, lockfile.Current(file))
	require.NoError(t, os.Rename(path, path+".old"))
	require.False(t, lockfile.Current(file))
	require.NoError(t, made(path))
	require.False(t, lockfile.Current(file))
	require.NoError(t, file.Close())
}

// SQLite answers an interrupted write by rolling back everything that is open.
func TestStatementsAreNotInterrupted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	synctest.Test(t, func(t *testing.T) {
		l, err := Open(t.Context(), path, Group(time.Hour, 1<<20))
		require.NoError(t, err)
		const many = 100
		for n := range many {
			require.NoError(t, l.PutMessage(t.Context(), "CH1", migrate.MessageRecord{SourceIndex: int64(n)}))
		}
		ctx, cancel := context.WithCancel(t.Context())
		require.NoError(t, l.group.put(ctx, func(ctx context.Context) error {
			cancel()
			return l.group.exec(ctx, `INSERT INTO fingerprint VALUES ('a', 'b')`)
		}))
		ctx, cancel = context.WithCancel(t.Context())
		n := 0
		require.NoError(t, l.group.read(ctx, `SELECT source_index FROM messages`, nil, func(*sql.Rows) error {
			cancel()
			synctest.Wait() // whoever waits for the end of the context has heard of it
			n++
			return nil
		}))
		require.Equal(t, many, n)
		require.NoError(t, l.Close())
	})
}

// Whether a group began and was committed is said by SQLite and by nothing else.
func TestATransactionThatFails(t *testing.T) {
	for name, c := range map[string]struct {
		behind string // what happens to the transaction behind the group's back
		puts   int    // before that
		fails  func(*Ledger) error
	}{
		"to begin":  {`BEGIN`, 0, func(l *Ledger) error { return l.PutMessage(t.Context(), "CH1", migrate.MessageRecord{}) }},
		"to commit": {`ROLLBACK`, 3, func(l *Ledger) error { return l.Sync(t.Context()) }},
	} {
		t.Run(name+" is said, and nothing is taken any more", func(t *testing.T) {
			l, err := Open(t.Context(), filepath.Join(t.TempDir(), "ledger.db"), Group(time.Hour, 1000))
			require.NoError(t, err)
			for n := range c.puts {
				require.NoError(t, l.PutMessage(t.Context(), "CH1", migrate.MessageRecord{SourceIndex: int64(n)}))
			}
			_, err = l.group.conn.ExecContext(t.Context(), c.behind)
			require.NoError(t, err)
			require.Equal(t, migrate.Failed, migrate.KindOf(c.fails(l)))
			require.Error(t, l.PutRun(t.Context(), migrate.RunRecord{ID: "a"}))
			require.Error(t, l.Sync(t.Context()))
			require.Error(t, l.Close())
		})
	}
}

func TestSettled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	require.True(t, settled(path), "there is no log")
	require.NoError(t, os.WriteFile(path+"-wal", nil, 0o600))
	require.True(t, settled(path), "the log is empty")
	require.NoError(t, os.WriteFile(path+"-wal", []byte("x"), 0o600))
	require.False(t, settled(path))
	require.False(t, settled(filepath.Join(path+"-wal", "below")), "who cannot look does not know")
}
