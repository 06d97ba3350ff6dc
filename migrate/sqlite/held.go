package sqlite

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"chatbridge/migrate"
	"chatbridge/migrate/internal/lockfile"
)

// besides are the suffixes of the files that a ledger may have beside it.
var besides = []string{"-wal", "-shm", "-journal", lockSuffix}

// removal is the order in which they go, with that of the ledger itself, which is
// empty. It goes before its log: without it a log is nothing, but a ledger without its
// log would look like an earlier one. The log that a crash leaves is known by itself.
var removal = []string{"-shm", "", "-wal", "-journal", lockSuffix}

// applicationAt is where the header of a SQLite file has the application ID.
const applicationAt = 68

// Held is a ledger, or the log that is left of one, that nobody else can open for writing until it is closed, so
// that it can be removed.
type Held struct {
	path string
	file fs.FileInfo
	lock *lock
}

// Hold takes the lock of the ledger at path, whatever state it is in. It changes
// no other file. Its errors have these Kinds:
//
//   - NotFound: there is nothing at path.
//   - Usage: it is no ledger, or it or a file beside it is a symbolic link.
//   - Conflict: another process has it open for writing, and is named.
func Hold(ctx context.Context, path string) (*Held, error) {
	path, info, err := found(ctx, path)
	if err != nil {
		return nil, err
	}
	held, err := acquire(path)
	if err != nil {
		return nil, err
	}
	return &Held{path, info, held}, nil
}

// Look says which files the ledger at path consists of. It changes
// nothing, and keeps no lock. Its errors are those of Hold.
func Look(ctx context.Context, path string) ([]string, error) {
	path, _, err := found(ctx, path)
	if err != nil {
		return nil, err
	}
	if err := free(path + lockSuffix); err != nil {
		return nil, err
	}
	return files(path), nil
}

// Files are those that the ledger consists of, in the order in which they are
// removed.
func (h *Held) Files() []string { return files(h.path) }

// Remove removes one of the Files; fs.ErrNotExist is in the chain if it is gone
// already. The lock goes when Held is closed.
func (h *Held) Remove(path string) error {
	if path == h.path+lockSuffix {
		return nil
	}
	info, err := os.Lstat(path)
	switch {
	case err != nil:
		return fmt.Errorf("remove ledger: %w", err)
	case !info.Mode().IsRegular():
		return refuse(migrate.Conflict, "find out what put it there", "%s: %w", path, migrate.ErrReplaced)
	case path == h.path:
		info = h.file
	}
	err = migrate.RemoveSeen(path, info)
	if errors.Is(err, migrate.ErrReplaced) {
		return refuse(migrate.Conflict, "find out what put it there", "%w", err)
	}
	return err
}

// Close lets go of the lock, and removes its file.
func (h *Held) Close() error { return h.lock.release() }

func files(path string) []string {
	var all []string
	for _, suffix := range removal {
		if _, err := os.Lstat(path + suffix); err == nil {
			all = append(all, path+suffix)
		}
	}
	return all
}

// found makes sure that a ledger, and no link to one, is at path. One that is
// damaged, or that a newer version wrote, is one too. So is a log without a ledger,
// with no info.
func found(ctx context.Context, path string) (string, fs.FileInfo, error) {
	if path == "" {
		return "", nil, refuse(migrate.Usage, pathHint, "its path is empty")
	}
	path = filepath.Clean(path)
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && markedInLog(path+"-wal"):
		return path, nil, nil
	case errors.Is(err, fs.ErrNotExist):
		return "", nil, refuse(migrate.NotFound, "name the ledger that the migration had: --ledger FILE", "there is no ledger at %s", path)
	case err != nil:
		return "", nil, refusePath(err)
	case info.Mode()&fs.ModeSymlink != 0:
		return "", nil, refuse(migrate.Usage, "name the file that it points to", "%s is a symbolic link", path)
	}
	if _, err := examine(path, os.O_RDONLY); err != nil {
		return "", nil, err
	}
	for _, suffix := range besides {
		if info, err := os.Lstat(path + suffix); err == nil && !info.Mode().IsRegular() {
			return "", nil, refuse(migrate.Usage, linkHint, "%s is not a regular file", path+suffix)
		}
	}
	if marked(path) || markedInLog(path+"-wal") {
		return path, info, nil
	}
	// Read as a file that nobody writes: SQLite would leave files of its own beside
	// what is none of ours.
	located, err := locate(path)
	if err != nil {
		return "", nil, err
	}
	r, err := openSettled(ctx, located)
	if err == nil {
		err = errors.Join(refuse(migrate.NotFound, otherFileHint, "%s is empty", path), r.Close())
	}
	return "", nil, err
}

// marked says that the header of the file names this application.
func marked(path string) bool {
	file, err := os.Open(path)
	if err != nil {
		return false
	}
	defer file.Close()
	header := make([]byte, applicationAt+4)
	_, err = io.ReadFull(file, header)
	return err == nil && binary.BigEndian.Uint32(header[applicationAt:]) == applicationID
}

// markedInLog says the same of SQLite's log at path: a page of it may not have
// reached the file yet. The format is in https://www.sqlite.org/walformat.html.
func markedInLog(path string) bool {
	const headerBytes, frameHeaderBytes = 32, 24
	if info, err := os.Lstat(path); err != nil || !info.Mode().IsRegular() {
		return false
	}
	file, err := os.Open(path)
	if err != nil {
		return false
	}
	defer file.Close()
	header := make([]byte, headerBytes)
	if _, err := io.ReadFull(file, header); err != nil || binary.BigEndian.Uint32(header)&^1 != 0x377f0682 {
		return false
	}
	page := int64(binary.BigEndian.Uint32(header[8:]))
	frame := make([]byte, frameHeaderBytes+applicationAt+4)
	for at := int64(headerBytes); page >= int64(len(frame)); at += frameHeaderBytes + page {
		if _, err := file.ReadAt(frame, at); err != nil {
			return false
		}
		if binary.BigEndian.Uint32(frame) == 1 && binary.BigEndian.Uint32(frame[frameHeaderBytes+applicationAt:]) == applicationID {
			return true
		}
	}
	return false
}

// free refuses a lock that somebody holds.
func free(path string) error {
	if _, err := os.Lstat(path); err != nil {
		return nil
	}
	switch free, err := lockfile.Free(path); {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return refusePath(fmt.Errorf("look at lock: %w", err))
	case !free:
		return conflict(path)
	}
	return nil
}

// Shaped reports whether the file at path is of the kind that ledgers are: any
// SQLite file.
func Shaped(path string) bool {
	file, empty, err := opened(path, os.O_RDONLY)
	if err != nil {
		return false
	}
	return file.Close() == nil && !empty
}
