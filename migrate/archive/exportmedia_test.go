package archive_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/archive"
)

func TestExportOfFiles(t *testing.T) {
	const read = ""
	t.Run("keeps each that a message names, once, and says what is done", func(t *testing.T) {
		a := albumOf(t, append(numbered(1, 9), mediaOf(3), "null"), append(numbered(10, 12), mediaOf(3)))
		seen := &tallied{}
		dir := filepath.Join(t.TempDir(), "made")
		got, made, err := a.saved(t.Context(), t, dir, seen, read)
		require.NoError(t, err)
		require.Empty(t, got.MediaMissing)
		require.Equal(t, archive.MediaRead, made.Manifest.Media)
		requireFiles(t, made, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)
		require.Equal(t, 12, a.reads())
		require.EqualValues(t, 12, seen.done[migrate.KindFiles])
		require.EqualValues(t, 12, seen.total[migrate.KindFiles])
		for name := range made.Manifest.Files {
			info, err := os.Stat(filepath.Join(dir, filepath.FromSlash(name)))
			require.NoError(t, err)
			require.EqualValues(t, 0o600, info.Mode().Perm())
		}
		for name := range files(t, os.DirFS(dir)) {
			require.NotContains(t, name, "unfinished")
		}
	})
	t.Run("asks for none if they are left out, and says so", func(t *testing.T) {
		a := albumOf(t, numbered(1, 3))
		_, made, err := a.saved(t.Context(), t, filepath.Join(t.TempDir(), "made"), nil, archive.MediaLeftOut)
		require.NoError(t, err)
		require.Zero(t, a.reads())
		require.Equal(t, archive.MediaLeftOut, made.Manifest.Media)
		requireFiles(t, made)
		s := archive.NewSource(made)
		defer s.Close()
		_, _, err = readMedia(t, s, serviceSID, fileNo(1))
		require.Contains(t, migrate.HintOf(err), "--files=false")
	})
	t.Run("does not say of v1 that anybody looked", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "made")
		w, err := archive.Continue(t.Context(), dir, manifest)
		require.NoError(t, err)
		_, err = (&archive.Exporter{Source: albumOf(t, nil)}).Run(t.Context(), w)
		require.NoError(t, err)
		require.Empty(t, w.MediaState())
		require.NoError(t, w.Close())
	})
	t.Run("reads four at once, of whichever channels", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			a := albumOf(t, numbered(1, 6), numbered(7, 12))
			var mu sync.Mutex
			now, most := 0, 0
			a.opened = func(ctx context.Context, _ string, _ int, m migrate.Media, body io.ReadCloser) (migrate.Media, io.ReadCloser, error) {
				mu.Lock()
				now++
				most = max(most, now)
				mu.Unlock()
				time.Sleep(time.Second) // in the bubble: until every other that may begin has begun
				return m, closing{body, func() {
					mu.Lock()
					now--
					mu.Unlock()
				}}, nil
			}
			_, made, err := a.saved(t.Context(), t, filepath.Join(t.TempDir(), "made"), nil, read)
			require.NoError(t, err)
			require.Equal(t, 4, most)
			requireFiles(t, made, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)
		})
	})
	t.Run("holds none of them whole", func(t *testing.T) {
		const size = 8 << 20
		a := albumOf(t, []string{namedMedia(fileNo(1), size)})
		a.opened = func(_ context.Context, sid string, _ int, m migrate.Media, body io.ReadCloser) (migrate.Media, io.ReadCloser, error) {
			m.Size = size
			return m, struct {
				io.Reader
				io.Closer
			}{&zeros{album: a, left: size}, body}, nil
		}
		_, _, err := a.saved(t.Context(), t, filepath.Join(t.TempDir(), "made"), nil, read)
		require.NoError(t, err)
		require.Positive(t, a.most)
		require.LessOrEqual(t, a.most, 1<<20)
	})
	t.Run("has no place for a SID that could be another name", func(t *testing.T) {
		for _, sid := range []string{"../../" + archive.ManifestPath, "ME" + strings.Repeat("A", 32), "x"} {
			a := albumOf(t, []string{namedMedia(sid, 1), mediaOf(2)})
			got, made, err := a.saved(t.Context(), t, filepath.Join(t.TempDir(), "made"), nil, read)
			require.NoError(t, err)
			requireFiles(t, made, 2)
			require.Len(t, got.MediaMissing, 1)
			require.Equal(t, made.Manifest.MediaMissing, got.MediaMissing)
			require.Equal(t, sid, got.MediaMissing[0].SID)
			require.Zero(t, a.asked[sid])
		}
	})
}
