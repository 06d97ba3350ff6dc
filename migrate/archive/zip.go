package archive

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Pack writes the finished archive in the folder dir as a zip at path, which
// appears when it is complete and on disk. The folder stays.
func Pack(ctx context.Context, dir, path string) error {
	a, closer, err := OpenPath(dir)
	if err != nil {
		return err
	}
	defer closer.Close()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("pack archive: %w", err)
	}
	root, err := os.OpenRoot(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("pack archive: %w", err)
	}
	defer root.Close()
	name := filepath.Base(path)
	if err := busy(path + packing); err != nil {
		return fmt.Errorf("pack archive: %w", err)
	}
	f, err := createAtomicAs(root, name+packing, name)
	if err != nil {
		return fmt.Errorf("pack archive: %w", err)
	}
	lock, err := occupy(path + packing)
	if err != nil {
		return fmt.Errorf("pack archive: %w", errors.Join(err, f.Close()))
	}
	// Closed before the file gets its name: some systems rename nothing that is open.
	if err := errors.Join(a.pack(ctx, f), lock.Close()); err != nil {
		return fmt.Errorf("pack archive: %w", errors.Join(err, f.abort()))
	}
	if err := f.commit(); err != nil {
		return fmt.Errorf("pack archive: %w", err)
	}
	return nil
}

func (a *Archive) pack(ctx context.Context, w io.Writer) error {
	z := zip.NewWriter(w)
	err := fs.WalkDir(a.fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		if err := context.Cause(ctx); err != nil {
			return err
		}
		if _, err := parsePath(name); err != nil {
			return nil
		}
		from, err := a.fsys.Open(name)
		if err != nil {
			return err
		}
		defer from.Close()
		method := zip.Deflate
		if isMedia(name) {
			method = zip.Store // photos and sound are compressed already
		}
		to, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: method, Modified: a.Manifest.CreatedAt})
		if err != nil {
			return err
		}
		_, err = io.Copy(to, from)
		return err
	})
	return errors.Join(err, z.Close())
}
