//go:build unix

package main

import (
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestPurgeDoesNotWaitAtAPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(path, 0o600))
	for _, args := range [][]string{{path}, {"--ledger", path}, {path + originalsSuffix, path}} {
		s := newScreen("", false)
		ended := make(chan int, 1)
		go func() { ended <- run(t.Context(), s.console, append([]string{"purge"}, args...)) }()
		select {
		case status := <-ended:
			require.Equal(t, exitUsage, status)
		case <-time.After(10 * time.Second):
			require.Fail(t, "it waits")
		}
	}
}
