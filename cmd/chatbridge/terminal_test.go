//go:build unix

package main

import (
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/stretchr/testify/require"

	"chatbridge/migrate/emulator"
	"chatbridge/migrate/ledgertest"
)

// typist is a person before a terminal in which the real program runs.
type typist struct {
	t   *testing.T
	cmd *exec.Cmd
	tty *os.File

	mu    sync.Mutex
	text  string
	grown chan struct{} // closed when there is more to be seen, and then another
	ended chan struct{} // closed when the terminal is
}

// sitBefore starts a program in a terminal of its own, which is so wide.
func sitBefore(t *testing.T, cmd *exec.Cmd, columns uint16) *typist {
	t.Helper()
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: columns})
	require.NoError(t, err)
	p := &typist{t: t, cmd: cmd, tty: tty, grown: make(chan struct{}), ended: make(chan struct{})}
	go func() {
		defer close(p.ended)
		b := make([]byte, 4096)
		for {
			n, err := tty.Read(b)
			p.mu.Lock()
			p.text += string(b[:n])
			close(p.grown)
			p.grown = make(chan struct{})
			p.mu.Unlock()
			if err != nil {
				return // the program closed its side
			}
		}
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-p.ended
		_ = tty.Close()
	})
	return p
}

// seen is all that the terminal showed so far, and a channel that is closed when
// it shows more.
func (p *typist) seen() (string, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text, p.grown
}

// patience bounds the wait for what a broken program never shows.
const patience = 30 * time.Second

// await waits until the terminal shows what it is to show.
func (p *typist) await(what string, shows func(string) bool) {
	p.t.Helper()
	late := time.After(patience)
	for {
		text, more := p.seen()
		if shows(text) {
			return
		}
		select {
		case <-more:
		case <-p.ended:
			text, _ = p.seen()
			require.True(p.t, shows(text), "ended without %s: %q", what, text)
			return
		case <-late:
			require.FailNow(p.t, "waited in vain for "+what, "%q", text)
		}
	}
}

func (p *typist) types(text string) {
	p.t.Helper()
	_, err := p.tty.Write([]byte(text))
	require.NoError(p.t, err)
}

// exits waits for the end of the program and returns its status.
func (p *typist) exits() int {
	p.t.Helper()
	p.await("its end", func(string) bool {
		select {
		case <-p.ended:
			return true
		default:
			return false
		}
	})
	_ = p.cmd.Wait()
	return p.cmd.ProcessState.ExitCode()
}

func contains(part string) func(string) bool {
	return func(text string) bool { return strings.Contains(text, part) }
}

const ctrlC = "\x03"

func TestInterruptedQuestion(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"migrate":            {"migrate"},
		"migrate --in-place": {"migrate", "--in-place"},
	} {
		t.Run("Ctrl-C where "+name+" asks ends it at once, with 130 and nothing written", func(t *testing.T) {
			server := newTestServer(t, emulator.Config{Archive: smallWorkspace(t), Shared: len(args) > 1})
			p := sitBefore(t, program(server, ledgertest.Dir(t), args...), 100)
			p.await("the question", contains("Begin? [y/N] "))
			p.types(ctrlC)
			require.Equal(t, exitInterrupted, p.exits())
			text, _ := p.seen()
			require.Contains(t, text, "\nerror: ")
			require.Contains(t, text, "\nhint: run the same command again")
			require.Zero(t, server.Stats().Conversations.Writes+server.Stats().Chat.Writes)
		})
	}
	t.Run("yes begins", func(t *testing.T) {
		server := newTestServer(t, emulator.Config{Archive: smallWorkspace(t)})
		p := sitBefore(t, program(server, ledgertest.Dir(t), "migrate", "--aps", "0", "--settle", "200ms"), 100)
		p.await("the question", contains("Begin? [y/N] "))
		p.types("y\n")
		require.Equal(t, exitDone, p.exits())
	})
}

// TestBar holds the last requests of a run back until the terminal shows how far
// it came: what is known in the beginning is done by then.
func TestBar(t *testing.T) {
	t.Parallel()
	all := smallChannels * (smallMessages + smallMembers)
	for _, one := range []struct {
		args  []string
		holds func(*emulator.Exchange) bool
		verb  string
	}{
		{[]string{"migrate", "--yes", "--aps", "0", "--settle", "200ms"}, func(x *emulator.Exchange) bool {
			return x.Write() && x.Path[len(x.Path)-1] == "Webhooks"
		}, "migrated"},
		{[]string{"audit"}, func(x *emulator.Exchange) bool { return x.Path[len(x.Path)-1] == "Invites" }, "read"},
	} {
		t.Run("is there to the end of "+one.args[0], func(t *testing.T) {
			shown := make(chan struct{})
			server := newTestServer(t, emulator.Config{Archive: smallWorkspace(t), Intercept: func(w http.ResponseWriter, r *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
				if one.holds(x) {
					select {
					case <-shown:
					case <-r.Context().Done():
					}
				}
				commit().WriteTo(w)
			}})
			p := sitBefore(t, program(server, ledgertest.Dir(t), one.args...), 100)
			far := regexp.MustCompile(`\] ` + one.verb + `: (\d+) of \d+ `)
			p.await("a bar that is nearly full", func(text string) bool {
				for _, m := range far.FindAllStringSubmatch(text, -1) {
					if n, _ := strconv.Atoi(m[1]); n >= all {
						return true
					}
				}
				return false
			})
			close(shown)
			require.Equal(t, exitDone, p.exits())
		})
	}
}
