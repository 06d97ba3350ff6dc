package main

import (
	"archive/zip"
	"bytes"
	_ "embed"
	"fmt"
	"io/fs"
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
