package rehearse_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/rehearse"
)

var update = flag.Bool("update", false, "write the result that golden reports are made of")

// TestResult holds testdata/results/rehearsal.json to what a rehearsal in an account
// of some odd habits says.
func TestResult(t *testing.T) {
	var raw []byte
	inBubble(t, func(t *testing.T) {
		s := newStage(t, emulator.Config{
			Unkind:  emulator.Unkind{IndexGaps: 0.3, Trim: true, Escapes: true, Blank: true, SecondRole: true, MaxBody: 1600},
			Latency: 120 * time.Millisecond,
		})
		got, left, err := s.run(t, func(r *rehearse.Rehearser) { r.Token = func() string { return strings.Repeat("0123456789abcdef", 2) } })
		require.NoError(t, err)
		require.NoError(t, left)
		require.False(t, got.Sound)
		for _, v := range []migrate.Verdict{migrate.AsAssumed, migrate.Harmless, migrate.Dangerous, migrate.NotSeen} {
			require.NotZero(t, got.Verdicts[v], v)
		}
		raw, err = json.MarshalIndent(got, "", "  ")
		require.NoError(t, err)
	})
	path := filepath.Join("..", "..", "testdata", "results", "rehearsal.json")
	if *update {
		require.NoError(t, os.WriteFile(path, append(raw, '\n'), 0o644))
		return
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err, "go test ./migrate/rehearse -update writes it")
	require.Equal(t, string(want), string(raw)+"\n")
}
