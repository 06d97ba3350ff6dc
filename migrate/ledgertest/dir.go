package ledgertest

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// Dir is a folder for the ledgers of a test, and is gone when the test ends. It lies in
// memory if the system has room there: a ledger waits for the disk at every commit, and
// most tests would spend their time on that. A process that is killed leaves there
// what it would leave on a disk. A test of what survives a loss of power takes
// [testing.T.TempDir] instead.
func Dir(t testing.TB) string {
	t.Helper()
	root := Root()
	if root == "" {
		return t.TempDir()
	}
	dir, err := os.MkdirTemp(root, "chatbridge-test-")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	return dir
}
