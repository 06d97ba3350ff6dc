package rehearse

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/gofrs/flock"

	"chatbridge/migrate"
	"chatbridge/migrate/internal/lockfile"
)

// Made is the service of a rehearsal, as it is recorded before it is created and
// until it is proved to be gone.
type Made struct {
	SchemaVersion int    `json:"schema_version"`
	Command       string `json:"command"` // rehearse-service

	AccountSID string `json:"account_sid"`
	Region     string `json:"region"`
	Host       string `json:"host"`

	Name  string    `json:"friendly_name"` // of the service: holds Token
	Token string    `json:"token"`         // 32 hexadecimal digits, in the name of everything in it
	Asked time.Time `json:"asked_at"`      // when its create was sent, by this machine's clock

	// ServiceSID is empty until the create was answered. Until then the service may
	// be there, may come to be there, or never does.
	ServiceSID string `json:"service_sid,omitempty"`
	Kept       bool   `json:"kept,omitempty"` // left on purpose

	// Roles are the SIDs of those that Twilio gave it.
	Roles []string `json:"roles,omitempty"`

	// Copied is nil until real content is about to be copied into it.
	Copied *Copied `json:"copied,omitempty"`
}

const recordCommand = "rehearse-service"

var (
	tokenForm   = regexp.MustCompile(`^[0-9a-f]{32}$`)
	serviceForm = regexp.MustCompile(`^IS[0-9a-f]{32}$`)
)

// Record keeps the one service that a rehearsal made. What Put was given is there
// after a kill once Put has returned.
type Record interface {
	Put(Made) error
	Forget() error
}

// File is a Record beside a rehearsal. It holds no content of messages and no
// credentials.
type File struct {
	path string
	lock *flock.Flock
}

// Suffixes of what stands beside a rehearsal.
const (
	recordSuffix = ".service"
	lockSuffix   = ".service.lock"
	tempSuffix   = ".unfinished"
)

// most bounds what is read of a record or of a rehearsal that is to be
// overwritten, in bytes.
const most = 1 << 20

// OpenRecord takes the record of a rehearsal that is written to path, and reads it.
// made is false if it has none. A second process is refused with Kind Conflict.
// Close it.
func OpenRecord(path string) (f *File, m Made, made bool, err error) {
	lock, err := acquire(path)
	if err != nil {
		return nil, m, false, err
	}
	f = &File{path: path + recordSuffix, lock: lock}
	if m, made, err = f.read(); err != nil {
		return nil, m, false, errors.Join(err, f.Close())
	}
	return f, m, made, nil
}

// attempts bounds how often a lock file is taken that another process removes at
// that moment.
const attempts = 20

func acquire(path string) (*flock.Flock, error) {
	for range attempts {
		lock, taken, err := lockfile.Take(path+lockSuffix, 0o600)
		switch {
		case err != nil:
			return nil, &migrate.Error{Op: "lock record of rehearsal", Kind: migrate.Usage, Err: err, Hint: "choose a file in a folder that can be written to: chatbridge rehearse --out rehearsal.json"}
		case !taken:
			return nil, busy(path)
		case lockfile.Current(lock):
			return lock, nil
		}
		_ = lock.Close() // it has nothing to lose
	}
	return nil, busy(path)
}

func busy(path string) error {
	return &migrate.Error{Op: "rehearse", Kind: migrate.Conflict,
		Err: fmt.Errorf("another rehearsal that writes to %s is active", path), Hint: "wait until it has ended, or stop it with Ctrl-C"}
}

func (f *File) read() (m Made, made bool, err error) {
	raw, err := readFile(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return m, false, nil
	}
	if err == nil {
		err = json.Unmarshal(raw, &m)
	}
	switch {
	case err != nil:
	case m.SchemaVersion != migrate.SchemaVersion || m.Command != recordCommand:
		err = errors.New("it is not the record of a rehearsal, or one of another version of chatbridge")
	case !tokenForm.MatchString(m.Token) || m.Name != nameOf(m.Token):
		err = errors.New("it was altered: the name in it is not that of a rehearsal")
	case m.ServiceSID != "" && !serviceForm.MatchString(m.ServiceSID):
		err = errors.New("it was altered: the SID in it is not that of a service")
	}
	if err != nil {
		return Made{}, false, &migrate.Error{Op: "read record of rehearsal", Kind: migrate.Usage, Err: fmt.Errorf("%s: %w", f.path, err),
			Hint: "look in the Twilio Console for a service named \"" + namePrefix + "…\", delete it there, then remove this file"}
	}
	return m, true, nil
}

// Put is of Record.
func (f *File) Put(m Made) error {
	m.SchemaVersion, m.Command = migrate.SchemaVersion, recordCommand
	raw, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return fmt.Errorf("encode record of rehearsal: %w", err)
	}
	if err := writeFile(f.path, append(raw, '\n')); err != nil {
		return fmt.Errorf("write record of rehearsal: %w", err)
	}
	return nil
}

// Forget is of Record.
func (f *File) Forget() error {
	if err := os.Remove(f.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove record of rehearsal: %w", err)
	}
	return nil
}

// Close lets go of the record. The file of the lock stays only if the record does; it
// is removed while it is locked, so that nobody can lock a file that is about to go.
func (f *File) Close() error {
	if _, err := os.Lstat(f.path); errors.Is(err, fs.ErrNotExist) && lockfile.Current(f.lock) {
		_ = os.Remove(f.lock.Path())
	}
	return f.lock.Close()
}

func readFile(path string) ([]byte, error) {
	f, err := migrate.OpenBeside(path, os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && len(raw) > most {
		err = fmt.Errorf("it is larger than %d bytes", most)
	}
	return raw, err
}

// writeFile writes a file that only its owner may read, whole or not at all. A
// symbolic link at its name, or at that of the unfinished file, is refused.
func writeFile(path string, raw []byte) error {
	if info, err := os.Lstat(path); err == nil && info.Mode()&fs.ModeSymlink != 0 {
		return fmt.Errorf("open %s: %w", path, migrate.ErrSymlink)
	}
	temp := path + tempSuffix
	f, err := migrate.OpenBeside(temp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(raw)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(temp, path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(temp))
	}
	if dir, err := os.Open(filepath.Dir(path)); err == nil {
		_ = dir.Sync() // not every system can
		_ = dir.Close()
	}
	return nil
}

// Save writes a rehearsal to a file.
func Save(path string, r migrate.Rehearsal) error {
	raw, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("encode rehearsal: %w", err)
	}
	if err := writeFile(path, append(raw, '\n')); err != nil {
		return fmt.Errorf("write rehearsal: %w", err)
	}
	return nil
}

// Replaceable refuses to overwrite a file that is not a rehearsal.
func Replaceable(path string) error {
	raw, err := readFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var r struct {
		SchemaVersion int    `json:"schema_version"`
		Command       string `json:"command"`
	}
	if err == nil && (json.Unmarshal(bytes.TrimSpace(raw), &r) != nil || r.Command != "rehearse" || r.SchemaVersion < 1) {
		err = errors.New("it is not a rehearsal, and would be overwritten")
	}
	if err != nil {
		return &migrate.Error{Op: "rehearse", Kind: migrate.Usage, Err: fmt.Errorf("%s: %w", path, err), Hint: "choose another file: chatbridge rehearse --out rehearsal2.json"}
	}
	return nil
}
