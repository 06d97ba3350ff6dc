package sqlite

import (
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	lib "modernc.org/sqlite/lib"

	"chatbridge/migrate"
)

// fileMode is the mode of the ledger and the files beside it: SIDs and names of
// channels are nobody else's business. SQLite gives its own files the mode of
// the main one.
const fileMode fs.FileMode = 0o600

const (
	magic = "SQLite format 3\x00"

	otherFileHint = "choose another --ledger, or remove the file if nobody needs it"
	linkHint      = "find out who put it there, then remove it"
	pathHint      = "choose a --ledger in a folder that exists and can be written to"
)

// locate gives the one name under which the ledger is locked, whatever name it
// was asked for by.
func locate(path string) (string, error) {
	if path == "" {
		return "", refuse(migrate.Usage, pathHint, "its path is empty")
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return "", refuse(migrate.Failed, "", "find working folder: %w", err)
	}
	if resolved, err := filepath.EvalSymlinks(absolute); err == nil {
		return resolved, nil
	}
	return absolute, nil
}

// examine says whether there is anything at path, and refuses what cannot be a
// ledger. It changes nothing. flag is how the file would have to be opened.
func examine(path string, flag int) (exists bool, err error) {
	file, _, err := opened(path, flag)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, err
	}
	defer file.Close()
	for _, suffix := range []string{"-wal", "-shm"} {
		if info, err := os.Lstat(path + suffix); err == nil && info.Mode()&fs.ModeSymlink != 0 {
			return false, refuse(migrate.Usage, linkHint, "%s: %w", path+suffix, migrate.ErrSymlink)
		}
	}
	return true, nil
}

// opened opens a file that SQLite can have written: an empty one, or one that begins
// as its files do. What is no file is refused before it is opened, since a pipe
// keeps whoever opens it waiting.
func opened(path string, flag int) (file *os.File, empty bool, err error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, false, err
	case err != nil:
		return nil, false, refusePath(err)
	case info.IsDir():
		return nil, false, refuse(migrate.Usage, "give the path of a file, such as "+filepath.Join(path, "chatbridge.db"), "it is a folder")
	case !info.Mode().IsRegular():
		return nil, false, refuse(migrate.Usage, otherFileHint, "it is not a regular file")
	}
	file, err = os.OpenFile(path, flag, 0)
	if err != nil {
		return nil, false, refusePath(err)
	}
	start := make([]byte, len(magic))
	n, err := io.ReadFull(file, start)
	switch {
	case n == 0 && errors.Is(err, io.EOF):
		return file, true, nil
	case err != nil && !errors.Is(err, io.ErrUnexpectedEOF):
		err = refusePath(err)
	case string(start[:n]) != magic:
		err = refuse(migrate.Usage, otherFileHint, "it is not a SQLite file")
	default:
		return file, false, nil
	}
	return nil, false, errors.Join(err, file.Close())
}

// create makes an empty file that only its owner can read, whatever the umask,
// and makes its name survive a crash.
func create(path string) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, fileMode)
	if err != nil {
		return refusePath(err)
	}
	if err := errors.Join(file.Chmod(fileMode), file.Close()); err != nil {
		return errors.Join(refusePath(err), os.Remove(path))
	}
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return errors.Join(refusePath(err), os.Remove(path))
	}
	defer folder.Close()
	// Some systems cannot sync a folder; they order its changes themselves.
	_ = folder.Sync()
	return nil
}

// restrict takes the files of an existing ledger from everybody else.
func restrict(path string) error {
	for _, suffix := range []string{"", "-wal", "-shm"} {
		info, err := os.Stat(path + suffix)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil && info.Mode().Perm() != fileMode {
			err = os.Chmod(path+suffix, fileMode)
		}
		if err != nil {
			return refusePath(fmt.Errorf("restrict mode: %w", err))
		}
	}
	return nil
}

// connect opens the database at path, with SQLite's URI parameters and pragmas.
func connect(path string, parameters url.Values) (*sql.DB, error) {
	slashed := filepath.ToSlash(path)
	if !strings.HasPrefix(slashed, "/") {
		slashed = "/" + slashed
	}
	u := url.URL{Scheme: "file", Path: slashed, RawQuery: parameters.Encode()}
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		return nil, refuse(migrate.Failed, "", "%w", err)
	}
	return db, nil
}

// refusePath is for errors of the file system.
func refusePath(err error) error {
	switch {
	case errors.Is(err, fs.ErrPermission), errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.EROFS):
		return refuse(migrate.Usage, pathHint, "%w", err)
	default:
		return refuse(migrate.Failed, pathHint, "%w", err)
	}
}

// refuseFile is for errors of SQLite about a file that looked like a database.
// SQLITE_ERROR is a table or column of ours that is not there.
func refuseFile(err error) error {
	switch resultCode(err) {
	case lib.SQLITE_CORRUPT, lib.SQLITE_NOTADB, lib.SQLITE_ERROR:
		return refuse(migrate.Failed, damagedHint, "it is damaged: %w", err)
	}
	return fault("open ledger", "", err)
}
