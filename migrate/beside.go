package migrate

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
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

// ErrReplaced is in the chain of the error for a file, or a folder, in whose place
// something else was put since it was looked at.
var ErrReplaced = errors.New("another file was put in its place")

// RemoveSeen removes the file at path if it is still the one that an Lstat showed,
// and never what a link leads to.
func RemoveSeen(path string, seen fs.FileInfo) error {
	root, err := os.OpenRoot(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer root.Close()
	info, err := root.Lstat(filepath.Base(path))
	if err != nil {
		return err
	}
	if !os.SameFile(info, seen) {
		return fmt.Errorf("%s: %w", path, ErrReplaced)
	}
	return root.Remove(filepath.Base(path))
}
