package sqlite

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// fileNumber is what no two files of a host share at a time: the volume, and the
// index on it.
func fileNumber(path string, _ fs.FileInfo) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	var info syscall.ByHandleFileInformation
	if syscall.GetFileInformationByHandle(syscall.Handle(f.Fd()), &info) != nil {
		return ""
	}
	return fmt.Sprintf("%d:%d", info.VolumeSerialNumber, uint64(info.FileIndexHigh)<<32|uint64(info.FileIndexLow))
}
