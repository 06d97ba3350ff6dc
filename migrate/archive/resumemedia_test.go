package archive_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/archive"
)

// TestExportOfFilesResumes stops an export at each byte range of each file, and
// requires that no complete file is read again.
func TestExportOfFilesResumes(t *testing.T) {
	for stopAt := 1; stopAt <= 6; stopAt++ {
		t.Run(fmt.Sprintf("after it was stopped in file %d", stopAt), func(t *testing.T) {
			a := albumOf(t, numbered(1, 3), numbered(4, 6))
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			a.opened = func(_ context.Context, sid string, _ int, m migrate.Media, body io.ReadCloser) (migrate.Media, io.ReadCloser, error) {
				if sid != fileNo(stopAt) {
					return m, body, nil
				}
				return m, closing{io.NopCloser(io.MultiReader(io.LimitReader(body, 100), does(cancel), body)), func() { body.Close() }}, nil
			}
			dir := filepath.Join(t.TempDir(), "made")
			_, _, err := a.saved(ctx, t, dir, nil, "")
			require.ErrorIs(t, err, context.Canceled)
			there := map[string]bool{}
			for name := range files(t, os.DirFS(dir)) {
				if strings.Contains(name, "/files/") {
					require.NotContains(t, name, "unfinished")
					there[filepath.Base(name)] = true
				}
			}
			require.NotContains(t, there, fileNo(stopAt))

			first := a.asked
			a.asked, a.opened = map[string]int{}, nil
			got, made, err := a.saved(t.Context(), t, dir, nil, "")
			require.NoError(t, err)
			for n := 1; n <= 6; n++ {
				require.Equal(t, there[fileNo(n)], a.asked[fileNo(n)] == 0, "%d: %v, then %v", n, first, a.asked)
			}
			require.GreaterOrEqual(t, got.Kept, int64(len(there)))
			requireFiles(t, made, 1, 2, 3, 4, 5, 6)
		})
	}
	t.Run("and reads again what was damaged meanwhile, and lists what it is then", func(t *testing.T) {
		a := albumOf(t, numbered(1, 3))
		dir := filepath.Join(t.TempDir(), "made")
		m := manifest
		m.SourceAPI = "v2"
		begin := func() *archive.Writer {
			w, err := archive.Continue(t.Context(), dir, m)
			require.NoError(t, err)
			_, err = (&archive.Exporter{Source: a}).Run(t.Context(), w)
			require.NoError(t, err)
			return w
		}
		require.NoError(t, begin().Abandon())
		require.Equal(t, 3, a.reads())
		list := filepath.Join(dir, filepath.FromSlash(archive.MediaListPath(serviceSID)))
		before, err := os.Stat(list)
		require.NoError(t, err)
		require.NoError(t, begin().Abandon())
		require.Equal(t, 3, a.reads())
		after, err := os.Stat(list)
		require.NoError(t, err)
		require.True(t, os.SameFile(before, after), "what did not change is not written again")

		require.NoError(t, os.WriteFile(filepath.Join(dir, filepath.FromSlash(archive.MediaPath(serviceSID, fileNo(2)))), []byte("x"), 0o600))
		a.opened = func(_ context.Context, sid string, _ int, m migrate.Media, body io.ReadCloser) (migrate.Media, io.ReadCloser, error) {
			m.Filename = "new.txt"
			return m, body, nil
		}
		require.NoError(t, begin().Close())
		require.Equal(t, 4, a.reads())
		made, closer, err := archive.OpenPath(dir)
		require.NoError(t, err)
		defer closer.Close()
		require.NoError(t, made.Verify(t.Context()))
		s := archive.NewSource(made)
		defer s.Close()
		record, got, err := readMedia(t, s, serviceSID, fileNo(2))
		require.NoError(t, err)
		require.Equal(t, contentNo(2), got)
		require.Equal(t, "new.txt", record.Filename)
	})
	t.Run("not with files if it began without, nor the other way round", func(t *testing.T) {
		for began, goesOn := range map[string]string{"": archive.MediaLeftOut, archive.MediaLeftOut: ""} {
			dir := filepath.Join(t.TempDir(), "made")
			m := manifest
			m.Media = began
			w, err := archive.Continue(t.Context(), dir, m)
			require.NoError(t, err)
			require.NoError(t, w.Abandon())
			m.Media = goesOn
			_, err = archive.Continue(t.Context(), dir, m)
			require.Equal(t, migrate.Usage, migrate.KindOf(err))
			require.ErrorContains(t, err, "files of messages")
		}
	})
}
