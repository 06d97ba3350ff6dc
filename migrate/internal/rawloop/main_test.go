// Package rawloop measures what a migration costs the processor, against a loop over
// net/http that makes the same requests and does nothing else. Tests only.
package rawloop

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/emulator"
)

// servedBy names the workspace that a child process serves.
const servedBy = "CHATBRIDGE_RAWLOOP_GENERATE"

// TestMain serves the emulator where it is told to: a process of its own, so that
// what it costs is on nobody's bill.
func TestMain(m *testing.M) {
	if workspace := os.Getenv(servedBy); workspace != "" {
		serve(workspace)
		return
	}
	os.Exit(m.Run())
}

func serve(workspace string) {
	g, err := emulator.ParseGenerate(workspace)
	if err != nil {
		panic(err)
	}
	s, err := emulator.Serve(context.Background(), emulator.Config{Generate: g})
	if err != nil {
		panic(err)
	}
	fmt.Println(s.ChatURL)
	fmt.Println(s.ConversationsURL)
	_, _ = io.Copy(io.Discard, os.Stdin) // until the parent is done, or gone
	_ = s.Close()
}

// hosts are where an emulator of its own process serves.
type hosts struct{ chat, conversations string }

// emulated serves a workspace and an empty target until the returned function is
// called, which says how much processor time that took.
func emulated(tb testing.TB, workspace string) (h hosts, stop func() time.Duration) {
	tb.Helper()
	self, err := os.Executable()
	require.NoError(tb, err)
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), servedBy+"="+workspace)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	require.NoError(tb, err)
	out, err := cmd.StdoutPipe()
	require.NoError(tb, err)
	require.NoError(tb, cmd.Start())
	lines := bufio.NewScanner(out)
	for _, address := range []*string{&h.chat, &h.conversations} {
		require.True(tb, lines.Scan(), "the emulator says where it is")
		*address = lines.Text()
	}
	return h, func() time.Duration {
		require.NoError(tb, in.Close())
		require.NoError(tb, cmd.Wait())
		return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	}
}
