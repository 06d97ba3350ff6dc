package ledgertest

import "syscall"

const (
	sharedMemory = "/dev/shm" // a tmpfs on every Linux that has POSIX shared memory
	tmpfs        = 0x01021994 // TMPFS_MAGIC, statfs(2)
	// roomy is how much has to be free there: containers often get 64 MB.
	roomy = 1 << 30
)

// Root is a file system in memory with room to spare. It is empty if there is none,
// which [os.MkdirTemp] takes for the usual place.
func Root() string {
	var s syscall.Statfs_t
	if err := syscall.Statfs(sharedMemory, &s); err != nil || s.Type != tmpfs || s.Bavail*uint64(s.Bsize) < roomy || syscall.Access(sharedMemory, 2) != nil {
		return ""
	}
	return sharedMemory
}
