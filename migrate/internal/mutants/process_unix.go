//go:build unix

package main

import (
	"context"
	"os/exec"
	"syscall"
)

// bounded is a command in a process group of its own, with a limit on what it
// may allocate: a mutant that appends for ever must not take the machine down.
func bounded(ctx context.Context, path string, args []string) *exec.Cmd {
	const limited = `ulimit -d 3000000 2>/dev/null; exec "$0" "$@"` // 3 GB, in kilobytes
	c := exec.CommandContext(ctx, "/bin/sh", append([]string{"-c", limited, path}, args...)...)
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
	return c
}
