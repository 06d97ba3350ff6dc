package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
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

func TestSettled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	require.True(t, settled(path), "there is no log")
	require.NoError(t, os.WriteFile(path+"-wal", nil, 0o600))
	require.True(t, settled(path), "the log is empty")
	require.NoError(t, os.WriteFile(path+"-wal", []byte("x"), 0o600))
	require.False(t, settled(path))
	require.False(t, settled(filepath.Join(path+"-wal", "below")), "who cannot look does not know")
}
