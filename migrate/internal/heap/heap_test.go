package heap_test

import (
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/internal/heap"
)

const mib = 1 << 20

func TestMeasures(t *testing.T) {
	if !heap.Alone(t) {
		return
	}
	var held []byte
	require.InDelta(t, 8*mib, heap.Growth(func() { held = make([]byte, 8*mib) }), mib)
	require.Len(t, held, 8*mib)
	held = nil
	require.InDelta(t, 0, heap.Growth(func() { sink = make([]byte, 8*mib); sink = nil }), mib, "what is let go is not held")
	require.InDelta(t, 8*mib, heap.Allocated(func() { sink = make([]byte, 8*mib); sink = nil }), mib)
}

var sink []byte // so that it is on the heap

// A test fails if it fails alone.
func TestFailsAlone(t *testing.T) {
	const variable = "CHATBRIDGE_TEST_FAILS"
	if os.Getenv(variable) != "" {
		if heap.Alone(t) {
			t.Fatal("alone")
		}
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestFailsAlone$")
	cmd.Env = append(os.Environ(), variable+"=1")
	out, err := cmd.CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), "alone")
}
