package archive

import (
	"errors"
	"os"
	"path"
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
	f, err := root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	return &atomicFile{File: f, root: root, temp: temp, name: name}, nil
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
