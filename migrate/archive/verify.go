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

// Verify reads every file and holds it to the manifest. The error joins one for
// each file that is missing, changed, or not in the manifest.
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
	return errors.Join(append(errs, walked)...)
}

func (a *Archive) verifyFile(name string) error {
	want := a.Manifest.Files[name]
	f, err := a.fsys.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	digest := sha256.New()
	var got File
	for _, err := range readLines(name, io.TeeReader(f, digest)) {
		if err != nil {
			return err
		}
		got.Lines++
	}
	got.SHA256 = hex.EncodeToString(digest.Sum(nil))
	if got != want {
		return fmt.Errorf("has %d lines and SHA-256 %s, the manifest says %d and %s", got.Lines, got.SHA256, want.Lines, want.SHA256)
	}
	return nil
}
