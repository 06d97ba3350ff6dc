package archive_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

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
