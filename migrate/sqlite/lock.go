package sqlite

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/gofrs/flock"

	"chatbridge/migrate"
	"chatbridge/migrate/internal/lockfile"
)

const lockSuffix = ".lock"

// lockAttempts bounds how often the lock file may be removed by a holder that
// closes between our opening it and our locking it.
const lockAttempts = 10

// holder is what a lock file says about the process that holds it. Only the
// kernel's lock counts: a holder may have been killed.
type holder struct {
	PID  int    `json:"pid"`
	Host string `json:"host"`
}

// lock is the right to write a ledger. The kernel takes it back when the process
// ends, however it ends.
type lock struct{ file *flock.Flock }

// acquire takes the lock of the ledger at path, or fails with Kind Conflict and
// names who has it.
func acquire(path string) (*lock, error) {
	path += lockSuffix
	for range lockAttempts {
		if err := made(path); err != nil {
			return nil, err
		}
		file, taken, err := lockfile.Take(path, fileMode)
		if err != nil {
			return nil, refusePath(fmt.Errorf("take lock: %w", err))
		}
		if !taken {
			return nil, conflict(path)
		}
		if lockfile.Current(file) {
			sign(path)
			return &lock{file}, nil
		}
		if err := file.Close(); err != nil {
			return nil, refusePath(fmt.Errorf("retry lock: %w", err))
		}
	}
	return nil, conflict(path)
}

// made makes sure that there is a lock file, and that it is a file.
func made(path string) error {
	file, err := migrate.OpenBeside(path, os.O_CREATE|os.O_RDWR, fileMode)
	if errors.Is(err, migrate.ErrSymlink) {
		return refuse(migrate.Usage, linkHint, "%w", err)
	}
	if err != nil {
		return refusePath(fmt.Errorf("take lock: %w", err))
	}
	return file.Close()
}

func conflict(path string) error {
	who := "another process"
	var h holder
	if b, err := os.ReadFile(path); err == nil && json.Unmarshal(b, &h) == nil && h.PID != 0 {
		who = fmt.Sprintf("process %d on %s", h.PID, h.Host)
	}
	return refuse(migrate.Conflict,
		"wait for it to end, or stop it; chatbridge status shows how far it is",
		"it is in use by %s", who)
}

// sign says in the lock file who holds it. Where that cannot be written the lock
// holds all the same, and others hear of "another process".
func sign(path string) {
	host, err := os.Hostname()
	if err != nil {
		host = "an unnamed host"
	}
	b, err := json.Marshal(holder{PID: os.Getpid(), Host: host})
	if err != nil {
		return
	}
	file, err := migrate.OpenBeside(path, os.O_WRONLY|os.O_TRUNC, fileMode)
	if err != nil {
		return
	}
	_, _ = file.Write(b)
	_ = file.Chmod(fileMode)
	_ = file.Close()
}

// release removes the lock file while it is still locked, so that nobody can
// lock a file that is about to go. Some systems do not let an open file be
// removed: there it stays, as after a kill, and means nothing. A lock file that
// was put in the place of ours is somebody else's, and stays too.
func (l *lock) release() error {
	if lockfile.Current(l.file) {
		_ = os.Remove(l.file.Path())
	}
	return l.file.Close()
}
