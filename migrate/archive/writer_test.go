package archive_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/archive"
)

// write puts resources into one file.
func write(t *testing.T, w *archive.Writer, name string, resources ...string) {
	t.Helper()
	l, err := w.Lines(name)
	require.NoError(t, err)
	for _, raw := range resources {
		require.NoError(t, l.Write(json.RawMessage(raw)))
	}
	require.NoError(t, l.Close())
}

func create(t *testing.T, dir string) *archive.Writer {
	t.Helper()
	w, err := archive.Create(dir, archive.Manifest{AccountSID: "AC1", Tool: "test", SourceAPI: "v1",
		CreatedAt: time.Date(2021, 6, 1, 12, 0, 0, 0, time.UTC)})
	require.NoError(t, err)
	return w
}

func TestWriter(t *testing.T) {
	odd := []string{
		`{"index":0,"n":9007199254740993,"f":1.50,"e":1E400,"future":{"z":1,"a":null}}`,
		`{"index":1,"body":"\u0041\/<>&` + "\u2028" + `é\ud800","dup":1,"dup":2}`,
		`{ "index" : 2 }`,
	}
	messages := archive.MessagesPath(serviceSID, channelSID)
	finished := func(t *testing.T) string {
		dir := filepath.Join(t.TempDir(), "made")
		w := create(t, dir)
		require.NoError(t, w.WriteService(serviceSID, json.RawMessage(`{"sid":"`+serviceSID+`"}`)))
		for _, name := range []string{archive.RolesPath(serviceSID), archive.UsersPath(serviceSID), archive.ChannelsPath(serviceSID)} {
			write(t, w, name)
		}
		write(t, w, messages, odd...)
		require.NoError(t, w.Close())
		return dir
	}
	t.Run("gives back every byte, from the folder and from a zip of it", func(t *testing.T) {
		dir := finished(t)
		for _, path := range []string{dir, zipped(t, os.DirFS(dir), "made/")} {
			a, closer, err := archive.OpenPath(path)
			require.NoError(t, err)
			defer closer.Close()
			got, err := lines(a, messages)
			require.NoError(t, err)
			require.Equal(t, odd, got)
			require.NoError(t, a.Verify(t.Context()))
			require.Equal(t, archive.SchemaVersion, a.Manifest.SchemaVersion)
			require.Equal(t, "2021-06-01T12:00:00Z", a.Manifest.CreatedAt.Format(time.RFC3339))
			require.EqualValues(t, 3, a.Manifest.Files[messages].Lines)
			require.Len(t, a.Manifest.Files, 5)
		}
	})
	t.Run("puts a resource of several lines on one, its tokens as they were", func(t *testing.T) {
		dir := t.TempDir()
		w := create(t, dir)
		write(t, w, messages, "{\n  \"n\": 9007199254740993,\r\n  \"s\": \"a\\n b\",\t\"f\": 1.0\n}\n")
		require.NoError(t, w.Close())
		raw, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(messages)))
		require.NoError(t, err)
		require.Equal(t, `{"n":9007199254740993,"s":"a\n b","f":1.0}`+"\n", string(raw))
	})
	t.Run("refuses what no reader would take", func(t *testing.T) {
		w := create(t, t.TempDir())
		l, err := w.Lines(messages)
		require.NoError(t, err)
		for _, bad := range []string{"", "null", "[1]", "{", "{}{}", `{"a":"` + strings.Repeat("x", archive.MaxLine) + `"}`} {
			require.ErrorContains(t, l.Write(json.RawMessage(bad)), messages+":1: ")
		}
		require.NoError(t, l.Abort())
		require.NoError(t, w.Abandon())
	})
	t.Run("writes no path outside the format", func(t *testing.T) {
		w := create(t, t.TempDir())
		for _, name := range []string{"../x.jsonl", archive.ManifestPath, archive.ServicePath(serviceSID), archive.UsersPath(".."), "x.jsonl"} {
			_, err := w.Lines(name)
			require.Error(t, err, name)
		}
		require.Error(t, w.WriteService("../..", json.RawMessage(`{}`)))
	})
	t.Run("shows a file under its name only when it is complete", func(t *testing.T) {
		dir := t.TempDir()
		w := create(t, dir)
		l, err := w.Lines(messages)
		require.NoError(t, err)
		require.NoError(t, l.Write(json.RawMessage(`{}`)))
		full := filepath.Join(dir, filepath.FromSlash(messages))
		require.NoFileExists(t, full)
		require.ErrorContains(t, w.Close(), "still being written")
		require.NoError(t, l.Close())
		require.FileExists(t, full)
		require.Error(t, l.Write(json.RawMessage(`{}`)))
		require.NoFileExists(t, filepath.Join(dir, archive.ManifestPath))
		require.NoError(t, w.Close())
		require.FileExists(t, filepath.Join(dir, archive.ManifestPath))
	})
	t.Run("leaves nothing of a file that was aborted", func(t *testing.T) {
		dir := t.TempDir()
		w := create(t, dir)
		l, err := w.Lines(messages)
		require.NoError(t, err)
		require.NoError(t, l.Abort())
		require.NoError(t, l.Abort())
		left, err := os.ReadDir(filepath.Dir(filepath.Join(dir, filepath.FromSlash(messages))))
		require.NoError(t, err)
		require.Empty(t, left)
		require.NoError(t, w.Close())
	})
	t.Run("keeps others out", func(t *testing.T) {
		dir := finished(t)
		require.NoError(t, filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
			require.NoError(t, err)
			info, err := entry.Info()
			require.NoError(t, err)
			require.Zero(t, info.Mode().Perm()&0o077, path)
			return nil
		}))
	})
	t.Run("does not touch a folder that holds an archive", func(t *testing.T) {
		_, err := archive.Create(finished(t), archive.Manifest{})
		require.ErrorIs(t, err, archive.ErrExists)
	})
}

func TestVerify(t *testing.T) {
	users := archive.UsersPath(serviceSID)
	damaged := func(t *testing.T, damage func(path string) error) error {
		dir := t.TempDir()
		w := create(t, dir)
		write(t, w, users, `{"sid":"US1"}`, `{"sid":"US2"}`)
		require.NoError(t, w.Close())
		require.NoError(t, damage(filepath.Join(dir, filepath.FromSlash(users))))
		a, closer, err := archive.OpenPath(dir)
		require.NoError(t, err)
		defer closer.Close()
		return a.Verify(t.Context())
	}
	t.Run("finds a changed byte", func(t *testing.T) {
		err := damaged(t, func(path string) error {
			return os.WriteFile(path, []byte("{\"sid\":\"US1\"}\n{\"sid\":\"US3\"}\n"), 0o600)
		})
		require.ErrorContains(t, err, users)
	})
	t.Run("finds a file that is gone", func(t *testing.T) {
		require.ErrorIs(t, damaged(t, os.Remove), fs.ErrNotExist)
	})
	t.Run("finds a file that nobody listed", func(t *testing.T) {
		err := damaged(t, func(path string) error {
			return os.WriteFile(filepath.Join(filepath.Dir(path), "roles.jsonl"), []byte("{}\n"), 0o600)
		})
		require.ErrorContains(t, err, "not in the manifest")
	})
	t.Run("says that there is nothing to verify against", func(t *testing.T) {
		require.ErrorIs(t, open(t, workspace()).Verify(t.Context()), archive.ErrNoDigests)
	})
	t.Run("is content with what was written", func(t *testing.T) {
		require.NoError(t, damaged(t, func(string) error { return errors.Join() }))
	})
}
