package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
)

func TestExitStatus(t *testing.T) {
	t.Run("follows from the kind of the error", func(t *testing.T) {
		for kind, want := range map[migrate.Kind]int{
			migrate.Failed: 1, migrate.Refused: 1, migrate.Exists: 1, migrate.Usage: 2, migrate.NotFound: 2, migrate.Credentials: 4,
			migrate.Throttled: 5, migrate.Unavailable: 5, migrate.InDoubt: 5, migrate.Stalled: 5, migrate.Contended: 5, migrate.PageExpired: 5,
			migrate.Conflict: 8, migrate.Interrupted: 130,
		} {
			err := fmt.Errorf("wrap: %w", &migrate.Error{Op: "do", Kind: kind})
			require.Equal(t, want, statusOf(err), "kind %d", kind)
		}
	})
	t.Run("is that of the outcome where the work was done", func(t *testing.T) {
		require.Equal(t, 3, statusOf(&outcome{status: exitIncomplete}))
		require.Equal(t, 0, statusOf(nil))
		require.Equal(t, 130, statusOf(context.Canceled))
		require.Equal(t, 1, statusOf(errors.New("x")))
	})
	t.Run("every status that can be has a meaning", func(t *testing.T) {
		help := exitHelp()
		for _, status := range []string{"  0  ", "  1  ", "  2  ", "  3  ", "  4  ", "  5  ", "  8  ", "130  "} {
			require.Contains(t, help, status)
		}
	})
}

func TestComplain(t *testing.T) {
	t.Run("an error is two lines, whatever a server put into it", func(t *testing.T) {
		var b bytes.Buffer
		complain(&b, false, false, nil, errors.New("read: \x1b[31mred\nsecond line"))
		require.Equal(t, "error: read: \\u001b[31mred\\nsecond line\nhint: to see what led to it, run again with -v\n", b.String())
	})
	t.Run("a full disk and a closed door have a hint of their own", func(t *testing.T) {
		full := &fs.PathError{Op: "write", Path: "w.zip", Err: syscall.ENOSPC}
		require.Equal(t, "free some disk space, then run the same command again", hintOf(full))
		closed := &fs.PathError{Op: "mkdir", Path: "w.zip", Err: fs.ErrPermission}
		require.Contains(t, hintOf(closed), "can be written to")
	})
	t.Run("the first hint of the chain is given", func(t *testing.T) {
		err := fmt.Errorf("outer: %w", &migrate.Error{Op: "x", Kind: migrate.Usage, Hint: "do y"})
		require.Equal(t, "do y", hintOf(err))
	})
}

func TestNearest(t *testing.T) {
	t.Run("is a slip of the fingers away", func(t *testing.T) {
		names := []string{"audit", "migrate", "verify"}
		require.Equal(t, "migrate", suggest("migrat", names))
		require.Equal(t, "verify", suggest("vreify", names))
		require.Empty(t, suggest("xyzzy", names))
		require.Empty(t, suggest("x", nil))
	})
}
