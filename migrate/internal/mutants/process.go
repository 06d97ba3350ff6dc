package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// outcome is how a test process ended.
type outcome struct {
	passed   bool
	timedOut bool
	took     time.Duration
	output   string
	reached  []int
}

// start runs a test binary with an order for package on, in a temporary folder
// of its own, and takes down whatever it started when its time is over.
func (b *binary) start(ctx context.Context, order string, limit time.Duration, args ...string) (outcome, error) {
	dir, err := os.MkdirTemp("", "mutant")
	if err != nil {
		return outcome{}, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := furnish(dir, order); err != nil {
		return outcome{}, err
	}
	timed, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	c := bounded(timed, b.path, append(args, b.args...))
	c.Dir = b.dir
	c.Env = append(os.Environ(), "TMPDIR="+dir, "PWD="+b.dir)
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	c.WaitDelay = time.Second
	began := time.Now()
	err = c.Run()
	o := outcome{passed: err == nil, took: time.Since(began), output: out.String()}
	if ctx.Err() != nil {
		return o, ctx.Err()
	}
	o.timedOut = timed.Err() != nil
	if _, exited := err.(*exec.ExitError); err != nil && !exited && !o.timedOut {
		return o, err
	}
	lines, err := os.ReadFile(filepath.Join(dir, "reached"))
	if err != nil {
		return o, err
	}
	for line := range strings.FieldsSeq(string(lines)) {
		n, err := strconv.Atoi(line)
		if err != nil {
			return o, err
		}
		o.reached = append(o.reached, n)
	}
	return o, nil
}

// furnish puts the order into a folder, and the file that package on writes to.
// Both are open to every user, because some tests start processes as another.
func furnish(dir, order string) error {
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "mutant"), []byte(order), 0o644); err != nil {
		return err
	}
	reached := filepath.Join(dir, "reached")
	if err := os.WriteFile(reached, nil, 0o600); err != nil {
		return err
	}
	return os.Chmod(reached, 0o666)
}
