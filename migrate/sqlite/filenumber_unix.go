//go:build unix

package sqlite

import (
	"fmt"
	"io/fs"
	"syscall"
)

// fileNumber is what no two files of a host share at a time: the device, and the
// inode on it.
func fileNumber(_ string, info fs.FileInfo) string {
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return ""
	}
	return fmt.Sprintf("%d:%d", s.Dev, s.Ino)
}
