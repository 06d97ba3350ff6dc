package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/ledgertest"
	"chatbridge/migrate/replay"
	"chatbridge/migrate/verify"
)

var everyKill = flag.Bool("kills", false, "kill at every pair of steps, and not only at those that follow each other")

// death is where a first run is killed, and where the one that resumes it is.
type death struct {
	step   int
	moment moment
	again  int // step; none where it is 0
	then   moment
}

func (d death) String() string {
	s := fmt.Sprintf("killed at %s, %s", steps[d.step].name, d.moment)
	if d.again > 0 {
		s += fmt.Sprintf("; then at %s, %s", steps[d.again].name, d.then)
	}
	return s
}

// deaths are the ways to die of a test: at every step, before and after it.
func deaths() []death {
	const message = 6
	all := []death{
		{message, answered, message, answered},
		{message, logged, message, logged},
	}
	opposite := map[moment]moment{before: after, after: before}
	for i := range steps {
		for _, m := range []moment{before, after} {
			last := i == len(steps)-1
			switch {
			case steps[i].shape == readBack && m == after:
			case last && m == before:
				all = append(all, death{i, m, i, m})
			case last:
				all = append(all, death{step: i, moment: m}) // nothing is left to be killed at
			}
			for j := i + 1; !last && j < len(steps) && (*everyKill || j == i+1); j++ {
				all = append(all, death{i, m, j, opposite[m]})
			}
		}
	}
	return all
}

// TestKilled kills the real program at every kind of step, and the program that
// resumes at a later one, and requires that running it once more leaves the
// target equal to the source.
func TestKilled(t *testing.T) {
	t.Parallel()
	var lagged atomic.Int64
	t.Run("a run", func(t *testing.T) {
		for _, d := range deaths() {
			t.Run(d.String(), func(t *testing.T) {
				t.Parallel()
				d.die(t, &lagged)
			})
		}
	})
	t.Run("some of them before the ledger had what the target had", func(t *testing.T) {
		require.Positive(t, lagged.Load())
	})
}

func (d death) die(t *testing.T, lagged *atomic.Int64) {
	dir := ledgertest.Dir(t)
	path := filepath.Join(dir, defaultLedger)
	k := &killer{ledger: path, posted: map[string]int{}}
	server := newTestServer(t, emulator.Config{Archive: smallWorkspace(t), Intercept: k.intercept})
	// Two lanes at a time, of three: whatever the step, something is left to do.
	args := []string{"migrate", "--yes", "--aps", "0", "--concurrency", "2", "--settle", "200ms", "--output", "json"}

	k.run(t, program(server, dir, args...), steps[d.step], d.moment)
	lagged.Add(k.behind(t, path))
	if d.again > 0 {
		later := steps[d.again]
		later.nth = 1
		k.run(t, program(server, dir, args...), later, d.then)
		lagged.Add(k.behind(t, path))
	}

	k.rest()
	var summary replay.Summary
	require.NoError(t, json.Unmarshal(output(t, program(server, dir, args...)), &summary))
	require.Equal(t, migrate.Complete, summary.Status)
	existing := int64(0)
	for _, c := range summary.Counts {
		existing += c.Existing
	}
	require.Positive(t, existing, "the last run resumes, and does not begin again")

	r := newRig(t, server, "", false)
	r.Yes, r.Ledger = true, path
	found := r.verify(t)
	require.True(t, found.Equal, r.stdout.String())
	require.EqualValues(t, smallChannels*smallMessages, found.Compared[migrate.KindMessages])
	r.stdout.Reset()
	began := time.Now()
	require.NoError(t, runMigrate(t.Context(), r.migrateOptions))
	require.NoError(t, json.Unmarshal(r.stdout.Bytes(), &summary))
	onlyClaims(t, 1, began, summary.Requests.Writes)
	require.Zero(t, server.Stats().Pushes)
	require.Zero(t, server.Stats().Webhooks)
}

// behind requires that the ledger of a killed run says that it was in the
// middle and has no more than the target has, and returns how many messages it
// lags. After a commit it may not lack what was answered before.
func (k *killer) behind(t *testing.T, path string) (lag int64) {
	t.Helper()
	l, err := readLedger(t.Context(), path)
	require.NoError(t, err)
	defer l.Close()
	last, ok, err := l.LastRun(t.Context())
	require.NoError(t, err)
	require.True(t, ok)
	require.Zero(t, last.EndedAt, "the kill came in the middle")
	for c, err := range l.Channels(t.Context(), smallService) {
		require.NoError(t, err)
		n, err := l.CountMessages(t.Context(), c.SourceSID)
		require.NoError(t, err)
		posted := int64(k.posted[c.TargetSID])
		require.LessOrEqual(t, n, posted, "the ledger leads the target")
		if k.moment == logged && c.TargetSID == k.held {
			require.Equal(t, posted, n)
		}
		lag += posted - n
	}
	return lag
}

// verify compares both sides in this process.
func (r rig) verify(t *testing.T) verify.Verification {
	t.Helper()
	r.stdout.Reset()
	_ = runVerify(t.Context(), &verifyOptions{
		commonOptions: r.commonOptions, connectionOptions: r.connectionOptions, mappingOptions: r.mappingOptions,
		outputOption: outputOption{"json"}, ledgerOption: r.ledgerOption, Settle: r.Settle,
		console: r.screen.console, connect: dial, openLedger: readLedger,
	})
	var found verify.Verification
	require.NoError(t, json.Unmarshal(r.stdout.Bytes(), &found), r.stderr.String())
	return found
}

// program is the real program, set up to use an emulator and to work in dir.
func program(s *emulator.Server, dir string, args ...string) *exec.Cmd {
	cmd := exec.Command("chatbridge", args...)
	cmd.Dir = dir
	cmd.Env = []string{
		"CHATBRIDGE_SETTLE=200ms",
		"PATH=" + os.Getenv("PATH"),
		"HOME=" + dir,
		"TWILIO_ACCOUNT_SID=" + emulator.DefaultAccountSID,
		"TWILIO_AUTH_TOKEN=" + emulator.DefaultAuthToken,
		"CHATBRIDGE_CHAT_URL=" + s.ChatURL,
		"CHATBRIDGE_CONVERSATIONS_URL=" + s.ConversationsURL,
		"CHATBRIDGE_MEDIA_URL=" + s.MediaURL,
		"CHATBRIDGE_LEDGER=" + filepath.Join(dir, defaultLedger),
		coverageVariable + "=" + os.Getenv(coverageVariable),
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
