package main

import (
	"context"
	"flag"
	"os"
	"runtime"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"chatbridge/migrate/emulator"
	"chatbridge/migrate/pgtest"
)

func TestMain(m *testing.M) {
	testscript.Main(pgtest.Stopping(leakless{m}), map[string]func(){"chatbridge": main})
}

// beside is how many tests run at once for each processor, unless -parallel says so.
// They start the program and wait for it most of the time: for a settle time, for a
// terminal, for another run.
const beside = 3

// leakless fails a run that leaves goroutines behind.
type leakless struct{ m *testing.M }

func (l leakless) Run() int {
	// The flags are not parsed yet, so that what the command line says counts.
	if err := flag.Set("test.parallel", strconv.Itoa(beside*runtime.GOMAXPROCS(0))); err != nil {
		panic(err)
	}
	defer keepCoverage()()
	status := l.m.Run()
	if err := goleak.Find(); status == 0 && err != nil {
		os.Stderr.WriteString(err.Error() + "\n")
		return 1
	}
	return status
}

// coverageVariable says where a program that measures its coverage writes it.
// Without it such a program warns on stderr, where its last line is read.
const coverageVariable = "GOCOVERDIR"

// keepCoverage gives the programs that tests run a place for their coverage.
func keepCoverage() (release func()) {
	if testing.CoverMode() == "" || os.Getenv(coverageVariable) != "" {
		return func() {}
	}
	dir, err := os.MkdirTemp("", "chatbridge-coverage-")
	if err != nil {
		panic(err)
	}
	os.Setenv(coverageVariable, dir)
	return func() { os.RemoveAll(dir) }
}

func newTestServer(t *testing.T, c emulator.Config) *emulator.Server {
	t.Helper()
	s, err := emulator.Serve(context.Background(), c)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}
