package main

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/ledgertest"
	"chatbridge/migrate/replay"
)

// interrupter sends a signal to a program while a certain message of it is on
// its way, and answers, or sends a second one, when the program has said that it
// took the first.
type interrupter struct {
	at     int64
	signal os.Signal
	twice  bool // and never answer

	messages atomic.Int64
	victim   chan *os.Process
	took     chan struct{}
	said     strings.Builder
}

// Write takes what the program says on stderr.
func (i *interrupter) Write(b []byte) (int, error) {
	if strings.Contains(string(b), "interrupt again to stop at once") {
		close(i.took)
	}
	return i.said.Write(b)
}

func (i *interrupter) intercept(w http.ResponseWriter, r *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
	if x.Write() && x.Path[len(x.Path)-1] == "Messages" && i.messages.Add(1) == i.at {
		victim := <-i.victim
		_ = victim.Signal(i.signal)
		<-i.took
		if i.twice {
			_ = victim.Signal(i.signal)
			<-r.Context().Done()
			panic(http.ErrAbortHandler)
		}
	}
	commit().WriteTo(w)
}

// run runs cmd to its end and returns its exit status.
func (i *interrupter) run(t *testing.T, cmd *exec.Cmd) int {
	t.Helper()
	cmd.Stderr = i
	require.NoError(t, cmd.Start())
	i.victim <- cmd.Process
	_ = cmd.Wait()
	return cmd.ProcessState.ExitCode()
}

// confirmed is how many messages the ledger in dir has.
func confirmed(t *testing.T, dir string) (all int64) {
	t.Helper()
	l, err := readLedger(t.Context(), filepath.Join(dir, defaultLedger))
	require.NoError(t, err)
	defer l.Close()
	for c, err := range l.Channels(t.Context(), smallService) {
		require.NoError(t, err)
		n, err := l.CountMessages(t.Context(), c.SourceSID)
		require.NoError(t, err)
		all += n
	}
	return all
}

// resumes requires that running again goes on, and leaves both sides equal.
func resumes(t *testing.T, server *emulator.Server, dir string) {
	t.Helper()
	var summary replay.Summary
	again := program(server, dir, "migrate", "--yes", "--aps", "0", "--settle", "200ms", "--output", "json")
	require.NoError(t, json.Unmarshal(output(t, again), &summary))
	require.Equal(t, migrate.Complete, summary.Status)
	require.Positive(t, summary.Counts[migrate.KindMessages].Existing)
	r := newRig(t, server, "", false)
	r.Ledger = filepath.Join(dir, defaultLedger)
	require.True(t, r.verify(t).Equal, r.stdout.String())
}

// TestSignals interrupts the real program in the middle of a migration.
func TestSignals(t *testing.T) {
	t.Parallel()
	const at = 15
	// If the tests run under nohup, what they start would ignore SIGHUP too.
	heard := make(chan os.Signal, 1)
	signal.Notify(heard, syscall.SIGHUP)
	t.Cleanup(func() { signal.Stop(heard) })
	for name, signal := range map[string]os.Signal{"SIGINT": os.Interrupt, "SIGTERM": syscall.SIGTERM, "SIGHUP": syscall.SIGHUP} {
		t.Run("the first "+name+" finishes and saves what is in flight, ends with 130, and running again resumes", func(t *testing.T) {
			t.Parallel()
			i := &interrupter{at: at, signal: signal, victim: make(chan *os.Process, 1), took: make(chan struct{})}
			server := newTestServer(t, emulator.Config{Archive: smallWorkspace(t), Intercept: i.intercept})
			dir := ledgertest.Dir(t)
			require.Equal(t, exitInterrupted, i.run(t, program(server, dir, "migrate", "--yes", "--aps", "0")), i.said.String())
			require.Contains(t, i.said.String(), "hint: run the same command again to resume")
			require.Less(t, i.messages.Load(), int64(smallChannels*smallMessages))
			require.Equal(t, i.messages.Load(), confirmed(t, dir))
			resumes(t, server, dir)
		})
	}
	t.Run("the second stops at once, ends with 130, and running again resumes", func(t *testing.T) {
		t.Parallel()
		i := &interrupter{at: at, signal: os.Interrupt, twice: true, victim: make(chan *os.Process, 1), took: make(chan struct{})}
		server := newTestServer(t, emulator.Config{Archive: smallWorkspace(t), Intercept: i.intercept})
		dir := ledgertest.Dir(t)
		require.Equal(t, exitInterrupted, i.run(t, program(server, dir, "migrate", "--yes", "--aps", "0")), i.said.String())
		require.Contains(t, i.said.String(), "stopping at once")
		resumes(t, server, dir)
	})
}
