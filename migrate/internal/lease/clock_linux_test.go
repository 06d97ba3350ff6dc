package lease

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestAwake holds the clock against what the kernel says of its own: seconds since the
// machine began, its sleep included.
func TestAwake(t *testing.T) {
	raw, err := os.ReadFile("/proc/uptime")
	if err != nil {
		t.Skip("this system has no /proc/uptime")
	}
	first, _, _ := strings.Cut(string(raw), " ")
	up, err := strconv.ParseFloat(first, 64)
	require.NoError(t, err)
	require.InDelta(t, up, awake().Seconds(), 60)
}
