//go:build unix

package sidecar_test

import (
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/sidecar"
)

func TestLookDoesNotWaitAtAPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(path, 0o600))
	looked := make(chan error, 1)
	go func() {
		_, err := sidecar.Look(path)
		looked <- err
	}()
	select {
	case err := <-looked:
		require.ErrorIs(t, err, sidecar.ErrOther)
	case <-time.After(10 * time.Second):
		require.Fail(t, "it waits")
	}
}
