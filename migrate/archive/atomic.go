package archive

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"

	"chatbridge/migrate"
)

// atomicFile appears under its name when it is complete and on disk, or never.
type atomicFile struct {
	*os.File
	root *os.Root
	temp string // what it is called until then
	name string
}

// unfinished is what a file is called until it is complete. No reader follows
// the name.
func unfinished(name string) string { return name + ".unfinished" }

func createAtomic(root *os.Root, name string) (*atomicFile, error) {
	return createAtomicAs(root, unfinished(name), name)
}

func createAtomicAs(root *os.Root, temp, name string) (*atomicFile, error) {
	if err := root.MkdirAll(path.Dir(name), 0o700); err != nil {
		return nil, err
	}
	if err := notLinked(root, temp); err != nil {
		return nil, err
	}
	f, err := root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	return &atomicFile{File: f, root: root, temp: temp, name: name}, nil
}

// notLinked refuses a symbolic link in the place of a file that is to be written:
// even inside the folder it would send the write into another file of it.
func notLinked(root *os.Root, name string) error {
	if info, err := root.Lstat(name); err == nil && info.Mode()&fs.ModeSymlink != 0 {
		return fmt.Errorf("open %s: %w", name, migrate.ErrSymlink)
	}
	return nil
}

func (f *atomicFile) commit() error {
	if err := f.Sync(); err != nil {
		return errors.Join(err, f.abort())
	}
	if err := f.Close(); err != nil {
		return errors.Join(err, f.root.Remove(f.temp))
	}
	return f.root.Rename(f.temp, f.name)
}

func (f *atomicFile) abort() error {
	return errors.Join(f.Close(), f.root.Remove(f.temp))
}
