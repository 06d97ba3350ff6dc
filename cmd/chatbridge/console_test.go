package main

import (
	"bytes"
	"io"
	"os"
	"strings"
	"sync"
	"time"
)

// screen is a console with nothing behind it.
type screen struct {
	*console
	stdout, stderr *bytes.Buffer
	interrupts     chan os.Signal
}

func newScreen(stdin string, terminal bool, env ...string) screen {
	s := screen{stdout: &bytes.Buffer{}, stderr: &bytes.Buffer{}, interrupts: make(chan os.Signal, 2)}
	s.console = &console{
		in: strings.NewReader(stdin), out: s.stdout, err: &stderr{w: &locked{w: s.stderr}}, env: env,
		terminal: func(any) bool { return terminal },
		signals:  func() (<-chan os.Signal, func()) { return s.interrupts, func() {} },
		here: surroundings{
			now:     func() time.Time { return time.Date(2020, 3, 1, 12, 0, 0, 0, time.UTC) },
			machine: "box", version: "v1.2.3",
		},
		every: time.Second,
	}
	return s
}

// locked lets the progress and the log of a command share a buffer.
type locked struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *locked) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(b)
}
