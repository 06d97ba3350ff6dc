package main

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"flag"
	"io"
	"io/fs"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the generated files that the tests compare with")

const sampleFolder = "../../testdata/workspaces/support-desk"

func TestSample(t *testing.T) {
	want := contents(t, os.DirFS(sampleFolder))
	require.NotEmpty(t, want)
	if *update {
		require.NoError(t, os.WriteFile("demo.zip", zipped(t, want), 0o644))
		return
	}
	t.Run("the embedded workspace is the one in testdata", func(t *testing.T) {
		fsys, err := sample()
		require.NoError(t, err)
		got := contents(t, fsys)
		require.Len(t, got, len(want))
		for i := range want {
			require.True(t, want[i] == got[i], "%s differs: go generate ./cmd/chatbridge brings it up to date", want[i].name)
		}
	})
}

type content struct{ name, text string }

// contents are the files of fsys, in the order of their names.
func contents(t *testing.T, fsys fs.FS) []content {
	t.Helper()
	var all []content
	require.NoError(t, fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := fs.ReadFile(fsys, name)
		all = append(all, content{name, string(raw)})
		return err
	}))
	return all
}

// zipped is the same for the same files, whenever and wherever it is made.
func zipped(t *testing.T, files []content) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(w, flate.BestCompression)
	})
	for _, f := range files {
		w, err := z.CreateHeader(&zip.FileHeader{
			Name: f.name, Method: zip.Deflate, Modified: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC),
		})
		require.NoError(t, err)
		_, err = io.WriteString(w, f.text)
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	return b.Bytes()
}
