//go:build unix

package sqlite_test

import (
	"os"
	"os/exec"
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

// SQLite wants to write beside a ledger that it reads. In a folder where it may
// not, a ledger can be read as long as nobody writes it.
func TestReadingWhereNothingCanBeWritten(t *testing.T) {
	read := func(t *testing.T, path string) (string, error) {
		t.Helper()
		self, err := os.Executable()
		require.NoError(t, err)
		cmd := exec.Command(self)
		if os.Geteuid() == 0 { // to whom modes mean nothing
			program := filepath.Join(t.TempDir(), "reader")
			b, err := os.ReadFile(self)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(program, b, 0o755))
			open(t, filepath.Dir(program))
			open(t, filepath.Dir(path))
			cmd = exec.Command(program)
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		}
		require.NoError(t, os.Chmod(path, 0o444))
		require.NoError(t, os.Chmod(filepath.Dir(path), 0o555))
		t.Cleanup(func() { _ = os.Chmod(filepath.Dir(path), 0o755) })
		cmd.Dir = "/"
		cmd.Env = append(os.Environ(), readerVariable+"="+path)
		said, err := cmd.Output()
		return string(said), err
	}
	t.Run("a ledger that is closed is read", func(t *testing.T) {
		said, err := read(t, closed(t, 7))
		require.NoError(t, err, said)
		require.Equal(t, "7\n", said)
	})
	t.Run("one whose log has more is not read without it", func(t *testing.T) {
		path := closed(t, 7)
		l, err := sqlite.Open(t.Context(), path)
		require.NoError(t, err)
		put(t, l, 7, 9)
		require.NoError(t, l.Sync(t.Context()))
		crashed := copied(t, path)
		require.NoError(t, l.Close())
		require.NoError(t, os.Chmod(crashed+"-wal", 0o444))
		said, err := read(t, crashed)
		require.Error(t, err, said)
		require.Contains(t, said, "open ledger")
	})
}

// nobody is a user who owns nothing.
const nobody = 65534

// open lets everybody look into a folder of this test and the one above it.
func open(t *testing.T, folder string) {
	t.Helper()
	require.NoError(t, os.Chmod(folder, 0o755))
	require.NoError(t, os.Chmod(filepath.Dir(folder), 0o755))
}
