//go:build !unix

package main

import (
	"context"
	"os/exec"
)

func bounded(ctx context.Context, path string, args []string) *exec.Cmd {
	return exec.CommandContext(ctx, path, args...)
}
