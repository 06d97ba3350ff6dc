package bench_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/emulator"
)

var binary = flag.String("binary", "", "the `path` of chatbridge")

// program runs chatbridge in a folder, against a server and without a limit. It
// returns the most memory that was resident, in bytes; 0 if this system does not say.
func program(t *testing.T, s *server, dir string, args ...string) (resident int64) {
	t.Helper()
	path, err := filepath.Abs(*binary)
	require.NoError(t, err)
	cmd := exec.Command(path, args...)
	cmd.Dir = dir
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + dir,
		"TWILIO_ACCOUNT_SID=" + emulator.DefaultAccountSID, "TWILIO_AUTH_TOKEN=" + serverToken,
		"CHATBRIDGE_CHAT_URL=" + s.Chat, "CHATBRIDGE_CONVERSATIONS_URL=" + s.Conversations, "CHATBRIDGE_MEDIA_URL=" + s.Media,
		"CHATBRIDGE_APS=0", "CHATBRIDGE_REPLAY=true",
	}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	require.NoError(t, cmd.Start())
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case err := <-done:
			require.NoError(t, err, "chatbridge %s: %s", strings.Join(args, " "), out.String())
			return resident
		case <-tick.C:
			resident = max(resident, highest(cmd.Process.Pid))
		}
	}
}

// highest is the most memory that a process had resident so far, of Linux alone: it
// is not that of its parent, which the usage of a process that ended can be.
func highest(pid int) int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if rest, found := strings.CutPrefix(line, "VmHWM:"); found {
			kib, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			return kib << 10
		}
	}
	return 0
}
