package main

import (
	"archive/zip"
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// sampleZip is the workspace of chatbridge demo: testdata/workspaces/support-desk,
// which no embed directive can reach from here.
//
//go:generate go test -run ^TestSample$ . -update
//go:embed demo.zip
var sampleZip []byte

// sample is the workspace that comes with the program.
func sample() (fs.FS, error) {
	z, err := zip.NewReader(bytes.NewReader(sampleZip), int64(len(sampleZip)))
	if err != nil {
		return nil, fmt.Errorf("open sample workspace: %w", err)
	}
	return z, nil
}

// openWorkspace opens the files of an archive that seeds an emulator: a folder,
// or a zip whose root, or only folder, is the archive.
func openWorkspace(path string) (fs.FS, io.Closer, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, err
	}
	if info.IsDir() {
		root, err := os.OpenRoot(path)
		if err != nil {
			return nil, nil, err
		}
		return root.FS(), root, nil
	}
	z, err := zip.OpenReader(path)
	if err != nil {
		return nil, nil, fmt.Errorf("open zip: %w", err)
	}
	fsys, err := onlyFolder(z)
	if err != nil {
		return nil, nil, errors.Join(err, z.Close())
	}
	return fsys, z, nil
}

func onlyFolder(fsys fs.FS) (fs.FS, error) {
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return nil, fmt.Errorf("read zip: %w", err)
	}
	if len(entries) == 1 && entries[0].IsDir() {
		return fs.Sub(fsys, entries[0].Name())
	}
	return fsys, nil
}
