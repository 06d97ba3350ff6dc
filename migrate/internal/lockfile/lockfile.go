// Package lockfile takes the kernel's lock of a file. It lasts until it is closed or
// its process ends, however that ends. It says nothing to programs that do not ask
// for it, and is not reliable on network file systems.
package lockfile

import (
	"io/fs"
	"os"
	"time"

	"github.com/gofrs/flock"

	"chatbridge/migrate"
)

// attempts bounds how often a lock is tried that only somebody who looks has: Free
// has it for less than a moment.
const attempts = 20

var betweenAttempts = func() { time.Sleep(time.Millisecond) }

// Take takes the lock of the file at path and makes the file, with that mode, if
// there is none. taken is false if another process, or another Take of this one, has
// it. A symbolic link is not followed where the system can tell.
func Take(path string, mode fs.FileMode) (lock *flock.Flock, taken bool, err error) {
	for range attempts {
		lock = flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDWR|migrate.NoFollow), flock.SetPermissions(mode))
		if taken, err = lock.TryLock(); taken {
			return lock, true, nil
		}
		looked := false
		if err == nil {
			looked, err = lock.TryRLock()
		}
		_ = lock.Close() // it has nothing to lose
		if !looked || err != nil {
			return nil, false, err
		}
		betweenAttempts()
	}
	return nil, false, nil
}

// Free reports whether nobody has the lock of the file at path, and makes no file.
// It shares the lock for as long as that takes; a Take waits for it.
func Free(path string) (bool, error) {
	lock := flock.New(path, flock.SetFlag(os.O_RDONLY|migrate.NoFollow))
	defer lock.Close()
	return lock.TryRLock()
}

// Current says whether the locked file is still the one that its path leads to:
// a lock on a removed file keeps nobody out.
func Current(file *flock.Flock) bool {
	ours, err := file.Stat()
	if err != nil {
		return false
	}
	theirs, err := os.Lstat(file.Path())
	return err == nil && os.SameFile(ours, theirs)
}
