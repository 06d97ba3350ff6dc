//go:build unix

package main

import (
	"bytes"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/emulator"
	"chatbridge/migrate/ledgertest"
)

func TestHangupUnderNohup(t *testing.T) {
	t.Parallel()
	var messages atomic.Int64
	victim := make(chan *os.Process, 1)
	server := newTestServer(t, emulator.Config{Archive: smallWorkspace(t), Intercept: func(w http.ResponseWriter, _ *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
		if x.Write() && x.Path[len(x.Path)-1] == "Messages" && messages.Add(1) == 10 {
			_ = (<-victim).Signal(syscall.SIGHUP)
		}
		commit().WriteTo(w)
	}})
	cmd := program(server, ledgertest.Dir(t), "migrate", "--yes", "--aps", "0", "--settle", "200ms")
	// What nohup does before it becomes the program.
	cmd.Args = append([]string{"sh", "-c", `trap "" HUP; exec "$0" "$@"`}, append([]string{cmd.Path}, cmd.Args[1:]...)...)
	shell, err := exec.LookPath("sh")
	require.NoError(t, err)
	cmd.Path = shell
	var said bytes.Buffer
	cmd.Stderr = &said
	require.NoError(t, cmd.Start())
	victim <- cmd.Process
	_ = cmd.Wait()
	require.Equal(t, exitDone, cmd.ProcessState.ExitCode(), said.String())
}

// TestPausedProgram pauses the real program by a file, in the middle of its work.
func TestPausedProgram(t *testing.T) {
	t.Parallel()
	for name, ends := range map[string]bool{"goes on when the file is gone": false, "ends at an interrupt while it is paused": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := ledgertest.Dir(t)
			file := filepath.Join(dir, "stop")
			var messages atomic.Int64
			server := newTestServer(t, emulator.Config{Archive: smallWorkspace(t), Latency: 250 * time.Millisecond, Intercept: func(w http.ResponseWriter, _ *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
				if x.Write() && x.Path[len(x.Path)-1] == "Messages" && messages.Add(1) == 5 {
					_ = os.WriteFile(file, nil, 0o600)
				}
				commit().WriteTo(w)
			}})
			cmd := program(server, dir, "migrate", "--yes", "--aps", "4", "--settle", "200ms", "--pause-file", "stop")
			cmd.Env = append(cmd.Env, "TERM=xterm")
			p := sitBefore(t, cmd, 80)
			p.await("why it waits", func(text string) bool {
				flat := strings.Join(drawn(text), " ")
				return strings.Contains(flat, "paused: the file") && strings.Contains(flat, " a second, paused")
			})
			written := messages.Load()
			status := ""
			for range 100 { // it shows what the last heartbeat knew
				status = strings.Join(strings.Fields(string(output(t, program(server, dir, "status")))), " ")
				if strings.Contains(status, "Now: paused") {
					break
				}
			}
			require.Contains(t, status, "Now: paused: the file stop exists; remove it to go on.")
			require.Equal(t, written, messages.Load())
			require.Less(t, written, int64(smallChannels*smallMessages))
			if ends {
				p.types(ctrlC)
				require.Equal(t, exitInterrupted, p.exits())
				require.Equal(t, written, messages.Load())
				return
			}
			require.NoError(t, os.Remove(file))
			require.Equal(t, exitDone, p.exits())
			text, _ := p.seen()
			require.Contains(t, text, "going on after a pause of ")
		})
	}
}
