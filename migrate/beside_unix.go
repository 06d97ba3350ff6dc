//go:build unix

package migrate

import "syscall"

// NoFollow is the flag that keeps an open from following a link; 0 where the
// system has none.
const NoFollow = syscall.O_NOFOLLOW
