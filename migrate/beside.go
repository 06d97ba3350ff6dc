package migrate

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// ErrSymlink is in the chain of the error for a file beside a ledger that is a
// symbolic link.
var ErrSymlink = errors.New("it is a symbolic link, and the file that it points to would be overwritten")

// OpenBeside opens a file that has its name from a ledger: the lock, or the
// originals. Nobody chose where it is, so a link at that name is not ours, and is
// refused: where the system can, by the very call that opens the file.
func OpenBeside(path string, flag int, mode fs.FileMode) (*os.File, error) {
	if info, err := os.Lstat(path); err == nil && info.Mode()&fs.ModeSymlink != 0 {
		return nil, fmt.Errorf("open %s: %w", path, ErrSymlink)
	}
	return os.OpenFile(path, flag|NoFollow, mode)
}
