package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
)

// TestKilled kills the real program in the middle of a write and requires that
// running it again leaves the target equal to the source.
func TestKilled(t *testing.T) {
	moments := map[string]func(commit func() emulator.Reply){
		"before the write took effect": func(func() emulator.Reply) {},
		"after the write took effect":  func(commit func() emulator.Reply) { commit() },
	}
	for when, moment := range moments {
		for _, write := range []int64{1, 150, 1200} {
			t.Run(fmt.Sprintf("a run killed at write %d, %s, resumes", write, when), func(t *testing.T) {
				t.Parallel()
				workspace, err := sample()
				require.NoError(t, err)
				k := &killer{at: write, moment: moment}
				server := newTestServer(t, emulator.Config{Archive: workspace, Intercept: k.intercept})
				dir := t.TempDir()

				first := program(server, dir, "migrate", "--yes", "--aps", "0")
				require.NoError(t, k.run(first))
				require.Equal(t, syscall.SIGKILL, first.ProcessState.Sys().(syscall.WaitStatus).Signal())

				var summary migrate.Summary
				second := program(server, dir, "migrate", "--yes", "--aps", "0", "--settle", "50ms", "--output", "json")
				require.NoError(t, json.Unmarshal(output(t, second), &summary))
				require.Equal(t, migrate.Complete, summary.Status)
				if write > 100 {
					require.Positive(t, summary.Counts[migrate.KindMessages].Existing, "the second run resumes, and does not begin again")
				}

				var found migrate.Verification
				require.NoError(t, json.Unmarshal(output(t, program(server, dir, "verify", "--output", "json")), &found))
				require.True(t, found.Equal)
				require.EqualValues(t, summary.Counts[migrate.KindMessages].Source, found.Compared[migrate.KindMessages])

				third := program(server, dir, "migrate", "--yes", "--output", "json")
				require.NoError(t, json.Unmarshal(output(t, third), &summary))
				require.Zero(t, summary.Requests.Writes)
			})
		}
	}
}

// killer kills a program while a certain write of it is on its way.
type killer struct {
	at     int64
	moment func(commit func() emulator.Reply)

	writes  atomic.Int64
	victim  atomic.Pointer[os.Process]
	started chan struct{}
}

func (k *killer) run(cmd *exec.Cmd) error {
	k.started = make(chan struct{})
	if err := cmd.Start(); err != nil {
		return err
	}
	k.victim.Store(cmd.Process)
	close(k.started)
	if err := cmd.Wait(); err == nil {
		return fmt.Errorf("it ended before write %d", k.at)
	}
	return nil
}

func (k *killer) intercept(w http.ResponseWriter, _ *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
	if x.Write() && k.writes.Add(1) == k.at {
		<-k.started
		k.moment(commit)
		_ = k.victim.Load().Kill()
		panic(http.ErrAbortHandler)
	}
	commit().WriteTo(w)
}

// program is the real program, set up to use an emulator and to work in dir.
func program(s *emulator.Server, dir string, args ...string) *exec.Cmd {
	cmd := exec.Command("chatbridge", args...)
	cmd.Dir = dir
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"),
		"HOME=" + dir,
		"TWILIO_ACCOUNT_SID=" + emulator.DefaultAccountSID,
		"TWILIO_AUTH_TOKEN=" + emulator.DefaultAuthToken,
		"CHATBRIDGE_CHAT_URL=" + s.ChatURL,
		"CHATBRIDGE_CONVERSATIONS_URL=" + s.ConversationsURL,
		"CHATBRIDGE_LEDGER=" + filepath.Join(dir, defaultLedger),
	}
	return cmd
}

func output(t *testing.T, cmd *exec.Cmd) []byte {
	t.Helper()
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	require.NoError(t, err, complaint.String())
	return out
}
