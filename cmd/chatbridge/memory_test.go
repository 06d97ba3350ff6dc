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
	for _, c := range []struct{ live, beside, limit int64 }{
		{0, 0, leastMemory}, {10, 8, leastMemory}, {20, 10, 42 * mib}, {30, 11, 55 * mib}, {60, 30, 104 * mib}, {1000, 50, 1252 * mib},
	} {
		m := memory{live: c.live * mib, beside: c.beside * mib}
		require.Equal(t, c.limit, m.limit(), c)
		require.GreaterOrEqual(t, m.limit()-m.live-m.beside, m.live/5, "%v: the stacks take nothing of what is left to the collector", c)
	}
	limit := int64(leastMemory)
	for _, step := range []struct{ live, limit int64 }{
		{5, leastMemory}, {30, 44 * mib}, {29, 44 * mib}, {28, 44 * mib}, {2, leastMemory}, {100, 122 * mib}, {95, 122 * mib}, {2, leastMemory},
	} {
		limit = nextLimit(limit, memory{live: step.live * mib})
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
