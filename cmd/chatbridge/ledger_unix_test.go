//go:build unix

package main

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/emulator"
)

// nobody is a user who owns nothing, for a test that root runs.
const nobody = 65534

// unprivileged makes cmd run as somebody to whom file modes mean something.
func unprivileged(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if os.Geteuid() != 0 {
		return
	}
	// The folders that hold the program, and those of tests, are closed to others.
	dir := t.TempDir()
	require.NoError(t, os.Chmod(filepath.Dir(dir), 0o755))
	open := filepath.Join(dir, "chatbridge")
	in, err := os.Open(cmd.Path)
	require.NoError(t, err)
	defer in.Close()
	out, err := os.OpenFile(open, os.O_CREATE|os.O_WRONLY, 0o755)
	require.NoError(t, err)
	_, err = io.Copy(out, in)
	require.NoError(t, err)
	require.NoError(t, out.Close())
	cmd.Path = open
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
}

// On Windows the modes of files mean something else.
func TestReadOnlyLedger(t *testing.T) {
	t.Run("is refused with a hint before anything is written, and left as it was", func(t *testing.T) {
		server := newTestServer(t, emulator.Config{Archive: smallWorkspace(t)})
		dir := t.TempDir()
		path := filepath.Join(dir, defaultLedger)
		l, err := openLedger(t.Context(), path)
		require.NoError(t, err)
		require.NoError(t, l.Close())
		require.NoError(t, os.Chmod(path, 0o444))
		require.NoError(t, os.Chmod(dir, 0o555))
		t.Cleanup(func() { _ = os.Chmod(dir, 0o755) })
		before, err := os.ReadFile(path)
		require.NoError(t, err)

		cmd := program(server, dir, "migrate", "--yes", "-q")
		unprivileged(t, cmd)
		said, err := cmd.CombinedOutput()

		var ended *exec.ExitError
		require.ErrorAs(t, err, &ended)
		require.Equal(t, exitUsage, cmd.ProcessState.ExitCode(), string(said))
		require.Contains(t, string(said), "permission denied")
		require.Regexp(t, `(?m)^hint: .*written to`, string(said))
		require.Zero(t, server.Stats().Conversations.Writes)
		after, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, before, after)
	})
}
