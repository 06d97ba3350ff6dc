package transport

import (
	"errors"
	"math"
	"os"
	"syscall"
	"time"
)

// tcpUserTimeout is TCP_USER_TIMEOUT of linux/tcp.h, which package syscall lacks.
const tcpUserTimeout = 18

// giveUpAfter bounds how long data may stay unacknowledged. A kernel that does
// not know the option is treated as the other systems are.
func giveUpAfter(c syscall.RawConn, d time.Duration) error {
	ms := min((d+time.Millisecond-1)/time.Millisecond, math.MaxInt32)
	var failed error
	err := c.Control(func(fd uintptr) {
		failed = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpUserTimeout, int(ms))
	})
	if errors.Is(failed, syscall.ENOPROTOOPT) {
		failed = nil
	}
	return errors.Join(err, os.NewSyscallError("setsockopt", failed))
}
