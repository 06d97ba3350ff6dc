package archive_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/archive"
)

// FuzzLines holds reading to a round trip: what is read from any file is the
// lines of that file, as far as they are good; and what is read, written and
// read again is the same.
func FuzzLines(f *testing.F) {
	seeds, err := filepath.Glob("testdata/fuzz/FuzzLines/*")
	require.NoError(f, err)
	require.NotEmpty(f, seeds, "the seed corpus is gone")

	name := archive.UsersPath(serviceSID)
	f.Fuzz(func(t *testing.T, content []byte) {
		fsys := workspace()
		fsys[name].Data = content
		got, err := lines(open(t, fsys), name)

		all := split(string(content))
		require.True(t, slices.Equal(all[:len(got)], got), "%q is read from %q", got, content)
		if err == nil {
			require.Len(t, got, len(all))
		} else {
			require.ErrorContains(t, err, name)
		}

		var written bytes.Buffer
		for _, line := range got {
			single, err := archive.SingleLine(json.RawMessage(line))
			require.NoError(t, err)
			written.Write(append(single, '\n'))
		}
		fsys[name].Data = written.Bytes()
		again, err := lines(open(t, fsys), name)
		require.NoError(t, err)
		require.Len(t, again, len(got))
		for i := range again {
			require.Equal(t, compact(t, got[i]), compact(t, again[i]))
		}
	})
}

// FuzzBackwards holds reading from the end to reading from the start.
func FuzzBackwards(f *testing.F) {
	f.Add([]byte("{}\n{}\n"))
	f.Add([]byte("{\"a\":1}\r\n{}"))
	f.Add([]byte("\n"))
	f.Add(bytes.Repeat([]byte("{\"index\":123456789}\n"), 7000))
	f.Fuzz(func(t *testing.T, content []byte) {
		forward, err := archive.LinesForward(content)
		backward, backErr := archive.LinesBackward(content)
		require.Equal(t, err == nil, backErr == nil)
		if err == nil {
			slices.Reverse(backward)
			require.Equal(t, forward, backward)
		}
	})
}

// FuzzMedia holds reading a file of a message to what the archive says of it,
// whatever the list, the file and the SID hold: all of its bytes, or an error.
func FuzzMedia(f *testing.F) {
	good := fstest.MapFS{}
	putFile(good, fileSID, "a lamp")
	list := archive.MediaListPath(serviceSID)
	f.Add(good[list].Data, []byte("a lamp"), fileSID, true)
	f.Add(good[list].Data, []byte("a lamb"), fileSID, false)
	f.Add([]byte(`{"sid":"`+fileSID+`","size":-1}`), []byte{}, fileSID, false)
	f.Add([]byte(`{"sid":"`+fileSID+`","size":0}`), []byte{}, fileSID, false)
	f.Add([]byte(`{"sid":"..","size":6}`), []byte("a lamp"), "..", false)
	f.Fuzz(func(t *testing.T, listed, content []byte, sid string, noted bool) {
		fsys := workspace()
		fsys[list] = &fstest.MapFile{Data: listed}
		name := archive.MediaPath(serviceSID, fileSID)
		fsys[name] = &fstest.MapFile{Data: content}
		if noted {
			withManifest(t, fsys, archive.Manifest{Files: map[string]archive.File{name: {SHA256: digestOf(string(content)), Bytes: int64(len(content))}}})
		}
		s := source(t, fsys)
		m, body, err := s.OpenMedia(t.Context(), serviceSID, sid)
		if err != nil {
			_, ok := errors.AsType[*migrate.Error](err)
			require.True(t, ok)
			return
		}
		defer body.Close()
		got, err := io.ReadAll(body)
		require.Equal(t, fileSID, sid, "no other name is followed")
		require.EqualValues(t, len(content), m.Size)
		if err != nil {
			require.Less(t, len(got), max(1, len(content)))
			return
		}
		require.Equal(t, content, got)
		var record struct{ SHA256 string }
		for line := range bytes.Lines(listed) {
			if json.Unmarshal(line, &record) == nil && bytes.Contains(line, []byte(fileSID)) && record.SHA256 != "" {
				require.Equal(t, digestOf(string(content)), record.SHA256)
			}
		}
	})
}

// split is what the format says lines are.
func split(content string) []string {
	var all []string
	for line := range strings.Lines(content) {
		all = append(all, strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r"))
	}
	return all
}

func compact(t *testing.T, raw string) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, json.Compact(&b, []byte(raw)))
	return b.String()
}

func TestSeeds(t *testing.T) {
	t.Run("the lines of the sample workspaces survive writing", func(t *testing.T) {
		files, err := filepath.Glob(filepath.Join(workspaces, "edge-cases/services/*/channels/*/*.jsonl"))
		require.NoError(t, err)
		require.NotEmpty(t, files)
		for _, file := range files {
			content, err := os.ReadFile(file)
			require.NoError(t, err)
			for line := range bytes.Lines(content) {
				single, err := archive.SingleLine(line)
				require.NoError(t, err)
				require.Equal(t, string(line), string(single)+"\n")
			}
		}
	})
}
