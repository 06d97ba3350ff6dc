package lease

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestSleep is about a machine whose other clocks stood still while it slept.
func TestSleep(t *testing.T) {
	if awake() == 0 {
		t.Skip("this system does not say how long it slept")
	}
	require.GreaterOrEqual(t, moment{time.Now(), awake() - time.Minute}.since(), time.Minute)
}
