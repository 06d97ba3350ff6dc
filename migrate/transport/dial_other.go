//go:build !linux

package transport

import (
	"syscall"
	"time"
)

func giveUpAfter(syscall.RawConn, time.Duration) error { return nil }
