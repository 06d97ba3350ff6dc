package archive

import (
	"errors"
	"io"

	"chatbridge/migrate/internal/lockfile"
)

// errBusy is in the chain of the error for an archive that is being written.
var errBusy = errors.New("an export is writing it")

// occupy takes the lock of the file at path, which says that somebody writes it. An
// archive can be written where the file system has no locks, as some networks' have
// none: there nothing says it.
func occupy(path string) (io.Closer, error) {
	lock, taken, err := lockfile.Take(path, 0o600)
	switch {
	case err != nil:
		return io.NopCloser(nil), nil
	case !taken:
		return nil, errBusy
	}
	return lock, nil
}

// busy fails with errBusy if somebody writes the file at path.
func busy(path string) error {
	if free, err := lockfile.Free(path); err == nil && !free {
		return errBusy
	}
	return nil
}
