package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The limit leaves room above whatever is in use: one below it would have the collector
// at work all the time.
func TestMemoryLimitFollowsWhatIsInUse(t *testing.T) {
	const mib = 1 << 20
	for inUse, want := range map[int64]int64{0: leastMemory, 10 * mib: leastMemory, 30 * mib: 53 * mib, 1000 * mib: 1508 * mib} {
		require.Equal(t, want, memoryLimit(inUse), inUse)
	}
	limit := int64(leastMemory)
	for _, step := range []struct{ inUse, limit int64 }{
		{5 * mib, leastMemory}, {30 * mib, 53 * mib}, {29 * mib, 53 * mib}, {25 * mib, 53 * mib}, {20 * mib, 38 * mib}, {2 * mib, 38 * mib}, {100 * mib, 158 * mib}, {2 * mib, leastMemory},
	} {
		limit = nextLimit(limit, step.inUse)
		require.Equal(t, step.limit, limit, step)
	}
}

// The program sets the limit, and raises it when more is in use, unless the environment
// says otherwise.
func TestMemoryLimitOfProgram(t *testing.T) {
	if os.Getenv("CHATBRIDGE_TEST_MEMORY") != "" {
		limitMemory()
		before, after := debug.SetMemoryLimit(-1), "kept"
		held := make([]byte, 64<<20)
		for range 1000 { // what follows a collection is done beside this
			runtime.GC()
			runtime.Gosched()
			if limit := debug.SetMemoryLimit(-1); limit != before {
				require.Greater(t, limit, int64(len(held)))
				after = "raised"
				break
			}
			if os.Getenv("GOMEMLIMIT")+os.Getenv("GOGC") != "" {
				break
			}
		}
		runtime.KeepAlive(held)
		fmt.Printf("%d MiB, %s\n", before>>20, after)
		return
	}
	for set, want := range map[string]string{"": "36 MiB, raised", "GOMEMLIMIT=40MiB": "40 MiB, kept", "GOGC=50": "8796093022207 MiB, kept"} {
		cmd := exec.Command(os.Args[0], "-test.run=^TestMemoryLimitOfProgram$")
		cmd.Env = append(slices.DeleteFunc(os.Environ(), func(one string) bool { return strings.HasPrefix(one, "GO") }), "CHATBRIDGE_TEST_MEMORY=1", set)
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, string(out))
		require.Contains(t, string(out), want+"\n", set)
	}
}
