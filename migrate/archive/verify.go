package archive

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
)

// ErrNoDigests means that the manifest names no files, so that nothing can be
// verified.
var ErrNoDigests = errors.New("the manifest holds no digests")

// errorsShown is how many files an error of Verify names.
const errorsShown = 5

// Verify reads every file and holds it to the manifest. The error joins one for
// each of the first files that are missing, changed, or not in the manifest, and
// counts the rest. Line ends count as they were written: a file whose own became
// CRLF on the way is unchanged.
func (a *Archive) Verify(ctx context.Context) error {
	if len(a.Manifest.Files) == 0 {
		return fmt.Errorf("verify archive: %w", ErrNoDigests)
	}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(a.Manifest.Files)) {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("verify archive: %w", err)
		}
		if err := a.verifyFile(name); err != nil {
			errs = append(errs, fmt.Errorf("verify %s: %w", name, err))
		}
	}
	walked := fs.WalkDir(a.fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || name == ManifestPath {
			return err
		}
		_, parseErr := parsePath(name)
		if _, listed := a.Manifest.Files[name]; !listed && parseErr == nil {
			errs = append(errs, fmt.Errorf("verify %s: not in the manifest", name))
		}
		return nil
	})
	if more := len(errs) - errorsShown; more > 0 {
		errs = append(errs[:errorsShown], fmt.Errorf("and %d more files", more))
	}
	return errors.Join(append(errs, walked)...)
}

func (a *Archive) verifyFile(name string) error {
	want := a.Manifest.Files[name]
	f, err := a.fsys.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	if isMedia(name) {
		return verifyMedia(f, want)
	}
	digest, unix := sha256.New(), sha256.New()
	var got File
	for _, err := range readLines(name, io.TeeReader(f, io.MultiWriter(digest, &unixEnds{next: unix}))) {
		if err != nil {
			return err
		}
		got.Lines++
	}
	got.SHA256 = hex.EncodeToString(digest.Sum(nil))
	if (File{SHA256: hex.EncodeToString(unix.Sum(nil)), Lines: got.Lines}) != want && got != want {
		return fmt.Errorf("has %d lines and SHA-256 %s, but the manifest says %d and %s", got.Lines, got.SHA256, want.Lines, want.SHA256)
	}
	return nil
}

// verifyMedia holds a file of a message to the manifest. None of its bytes is a
// line end.
func verifyMedia(f io.Reader, want File) error {
	digest := sha256.New()
	n, err := io.Copy(digest, f)
	if err != nil {
		return err
	}
	if got := (File{SHA256: hex.EncodeToString(digest.Sum(nil)), Bytes: n}); got != want {
		return fmt.Errorf("has %d bytes and SHA-256 %s, but the manifest says %d and %s", got.Bytes, got.SHA256, want.Bytes, want.SHA256)
	}
	return nil
}

// unixEnds passes bytes on with CRLF as LF. Within JSON neither is anything but
// white space.
type unixEnds struct {
	next io.Writer
	held bool // a CR that may be half of an end
}

func (u *unixEnds) Write(p []byte) (int, error) {
	out := make([]byte, 0, len(p)+1)
	for _, c := range p {
		if u.held && c != '\n' {
			out = append(out, '\r')
		}
		if u.held = c == '\r'; !u.held {
			out = append(out, c)
		}
	}
	if _, err := u.next.Write(out); err != nil {
		return 0, err
	}
	return len(p), nil
}
