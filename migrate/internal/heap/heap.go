// Package heap tells tests what they hold in memory.
//
// What is in use is that of a whole process: what tests before it let go, or still have
// running, comes and goes meanwhile. So whoever measures it does so in a process of its
// own, see [Alone].
package heap

import (
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

const variable = "CHATBRIDGE_TEST_ALONE"

// Alone says if this process runs this test and nothing else. If not, it has one do so,
// and its outcome is that of the test, which then returns at once:
//
//	if !heap.Alone(t) {
//		return
//	}
//
// It is for tests of the top level.
func Alone(t *testing.T) bool {
	t.Helper()
	if os.Getenv(variable) == t.Name() {
		return true
	}
	program, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), program, "-test.v", "-test.run=^"+regexp.QuoteMeta(t.Name())+"$")
	cmd.Env = append(os.Environ(), variable+"="+t.Name())
	out, err := cmd.CombinedOutput()
	t.Logf("in a process of its own:\n%s", out)
	require.NoError(t, err)
	require.Contains(t, string(out), "--- PASS: "+t.Name()+" ", "or it ran nothing")
	return false
}

// InUse is how many bytes of the heap are in use once everything is collected.
func InUse() int64 {
	runtime.GC()
	runtime.GC() // pools are empty after two
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// Growth is how many bytes more are in use after a call than before it.
func Growth(call func()) int64 {
	before := InUse()
	call()
	return InUse() - before
}

// Allocated is how many bytes a call allocates, held or not.
func Allocated(call func()) int64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	call()
	runtime.ReadMemStats(&after)
	return int64(after.TotalAlloc - before.TotalAlloc)
}
