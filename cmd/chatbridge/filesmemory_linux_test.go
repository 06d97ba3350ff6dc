package main

import (
	"os/exec"
	"strconv"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/emulator"
)

// Files pass, and are never in memory: a run with large ones takes little more than
// one without.
func TestMemoryOfFiles(t *testing.T) {
	const (
		size  = 48 << 20
		bound = 40 << 20 // four are copied at once
	)
	peak := func(cmd *exec.Cmd, says string) int64 {
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, string(out))
		require.Contains(t, string(out), says)
		return cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10
	}
	resident := map[bool]map[string]int64{}
	for _, files := range []bool{false, true} {
		g, err := emulator.ParseGenerate("channels=5,messages=50,seed=3")
		require.NoError(t, err)
		s, err := emulator.Serve(t.Context(), emulator.Config{Generate: g})
		require.NoError(t, err)
		dir, n, says := t.TempDir(), 0, ""
		if files {
			says = "files"
			for _, c := range s.Truth().Channels {
				_, _, err := s.AppendFileToChannel(c.SID, "ann", "", emulator.File{Size: size, ContentType: "video/mp4", Filename: strconv.Itoa(n)})
				require.NoError(t, err)
				n++
			}
		}
		resident[files] = map[string]int64{}
		for _, verb := range [][]string{{"migrate", "--yes", "-q", "--aps", "0"}, {"verify", "-q", "--files"}, {"export", "archive", "-q"}} {
			resident[files][verb[0]] = peak(program(s, dir, append(verb, "--source-api", "v2")...), says)
		}
		require.NoError(t, s.Close())
	}
	for verb, with := range resident[true] {
		without := resident[false][verb]
		t.Logf("%s: %d MiB with files, %d without", verb, with>>20, without>>20)
		require.Less(t, with-without, int64(bound), verb)
	}
}
