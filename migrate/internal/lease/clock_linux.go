package lease

import (
	"time"

	"golang.org/x/sys/unix"
)

// awake is how long the machine has been up, its sleep included; zero if it does
// not say.
func awake() time.Duration {
	var t unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &t) != nil {
		return 0
	}
	return time.Duration(t.Nano())
}
