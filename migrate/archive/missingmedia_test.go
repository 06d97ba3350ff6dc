package archive_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/archive"
)

// TestExportOfFilesThatCannotBeRead holds what is left out to what is said of it,
// and anything else to an export that goes on later.
func TestExportOfFilesThatCannotBeRead(t *testing.T) {
	short := func(n int64, err error) func(int, io.ReadCloser) io.ReadCloser {
		return func(_ int, body io.ReadCloser) io.ReadCloser {
			return closing{io.NopCloser(io.MultiReader(io.LimitReader(body, n), broken{err})), func() { body.Close() }}
		}
	}
	for name, c := range map[string]struct {
		err    error
		body   func(try int, body io.ReadCloser) io.ReadCloser
		reason string       // why it is left out
		kind   migrate.Kind // how the export ends otherwise
		tries  int
	}{
		"because it is gone":                        {err: failed(migrate.NotFound, "404"), reason: "no longer had it", tries: 1},
		"because the key may not":                   {err: failed(migrate.Credentials, "403"), reason: "key was not allowed", tries: 1},
		"because it is refused":                     {err: failed(migrate.Refused, "too old"), reason: "too old", tries: 1},
		"because there is an outage":                {err: failed(migrate.Unavailable, "503"), kind: migrate.Unavailable, tries: 1},
		"because the credentials are of another":    {err: &migrate.Error{Op: "read file", Kind: migrate.Credentials, Err: migrate.ErrOtherAccount}, kind: migrate.Credentials, tries: 1},
		"because it is always cut at the same byte": {body: short(10, failed(migrate.Unavailable, "cut")), reason: "10 bytes of it came", tries: 3},
		"because it ends early without an error":    {body: short(10, io.EOF), reason: "10 bytes of it came", tries: 3},
		"because it is cut here and there": {body: func(try int, body io.ReadCloser) io.ReadCloser {
			return short(int64(10*try), failed(migrate.Unavailable, "cut"))(try, body)
		}, kind: migrate.Unavailable, tries: 3},
		"because nothing of it comes": {body: short(0, failed(migrate.Unavailable, "silent")), kind: migrate.Unavailable, tries: 3},
		"at first": {body: func(try int, body io.ReadCloser) io.ReadCloser {
			if try < 3 {
				return short(10, failed(migrate.Unavailable, "cut"))(try, body)
			}
			return body
		}, tries: 3},
	} {
		t.Run(name, func(t *testing.T) {
			a := albumOf(t, numbered(1, 5))
			const bad = 2
			fails := true
			a.opened = func(_ context.Context, sid string, try int, m migrate.Media, body io.ReadCloser) (migrate.Media, io.ReadCloser, error) {
				if sid != fileNo(bad) || !fails {
					return m, body, nil
				}
				if c.err != nil {
					return migrate.Media{}, nil, errors.Join(c.err, body.Close())
				}
				return m, c.body(try, body), nil
			}
			dir := filepath.Join(t.TempDir(), "made")
			got, made, err := a.saved(t.Context(), t, dir, nil, "")
			require.Equal(t, c.tries, a.asked[fileNo(bad)])
			switch {
			case c.reason != "":
				require.NoError(t, err)
				requireFiles(t, made, 1, 3, 4, 5)
				require.Len(t, got.MediaMissing, 1)
				require.Equal(t, fileNo(bad), got.MediaMissing[0].SID)
				require.Contains(t, got.MediaMissing[0].Reason, c.reason)
				require.Equal(t, got.MediaMissing, made.Manifest.MediaMissing)
				s := archive.NewSource(made)
				defer s.Close()
				_, _, err := readMedia(t, s, serviceSID, fileNo(bad))
				require.Equal(t, migrate.NotFound, migrate.KindOf(err))
				require.ErrorContains(t, err, c.reason)
				return
			case c.kind != 0:
				require.Equal(t, c.kind, migrate.KindOf(err), "%v", err)
				fails = false
				_, made, err = a.saved(t.Context(), t, dir, nil, "")
			}
			require.NoError(t, err)
			require.Empty(t, made.Manifest.MediaMissing)
			requireFiles(t, made, 1, 2, 3, 4, 5)
		})
	}
	t.Run("because its channel is gone: nothing of the channel stays", func(t *testing.T) {
		a := albumOf(t, numbered(1, 4), append(numbered(5, 6), mediaOf(2)))
		a.lanes = 1 // the channel that is gone names the file first
		gone := albumRoom(1)
		a.opened = func(_ context.Context, sid string, _ int, m migrate.Media, body io.ReadCloser) (migrate.Media, io.ReadCloser, error) {
			if sid == fileNo(4) {
				return migrate.Media{}, nil, errors.Join(failed(migrate.NotFound, "404"), body.Close())
			}
			return m, body, nil
		}
		a.channel = func(sid string) error {
			if sid == gone {
				return failed(migrate.NotFound, "404")
			}
			return nil
		}
		dir := filepath.Join(t.TempDir(), "made")
		got, made, err := a.saved(t.Context(), t, dir, nil, "")
		require.NoError(t, err)
		require.Empty(t, got.MediaMissing)
		require.Equal(t, []archive.Resource{{Kind: migrate.KindChannels, SID: gone}}, got.Vanished)
		requireFiles(t, made, 2, 5, 6) // of 2 another channel's message has it too
		for name, content := range files(t, os.DirFS(dir)) {
			require.NotContains(t, name, gone)
			require.NotContains(t, content, gone)
			require.NotContains(t, name, fileNo(1))
		}
	})
	t.Run("because the key may read nothing any more: the export ends", func(t *testing.T) {
		a := albumOf(t, numbered(1, 2))
		a.opened = func(_ context.Context, _ string, _ int, _ migrate.Media, body io.ReadCloser) (migrate.Media, io.ReadCloser, error) {
			return migrate.Media{}, nil, errors.Join(failed(migrate.Credentials, "401"), body.Close())
		}
		a.channel = func(string) error { return failed(migrate.Credentials, "401") }
		_, _, err := a.saved(t.Context(), t, filepath.Join(t.TempDir(), "made"), nil, "")
		require.Equal(t, migrate.Credentials, migrate.KindOf(err))
	})
	t.Run("because the export was stopped in the third reading: it says nothing of the file", func(t *testing.T) {
		a := albumOf(t, numbered(1, 1))
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		a.opened = func(_ context.Context, _ string, try int, m migrate.Media, body io.ReadCloser) (migrate.Media, io.ReadCloser, error) {
			if try == 3 {
				cancel()
				return m, short(10, failed(migrate.Interrupted, "stopped"))(try, closing{io.NopCloser(strings.NewReader(contentNo(1))), func() {}}), nil
			}
			return m, short(10, failed(migrate.Unavailable, "cut"))(try, body), nil
		}
		_, _, err := a.saved(ctx, t, filepath.Join(t.TempDir(), "made"), nil, "")
		require.Equal(t, migrate.Interrupted, migrate.KindOf(err), "%v", err)
	})
	t.Run("because the disk fails: the export ends, and reads no file again to no end", func(t *testing.T) {
		a := albumOf(t, numbered(1, 3))
		dir := filepath.Join(t.TempDir(), "made")
		m := manifest
		m.SourceAPI = "v2"
		w, err := archive.Continue(t.Context(), dir, m)
		require.NoError(t, err)
		require.NoError(t, w.Abandon())
		for _, suffix := range []string{"", ".unfinished"} {
			obstacle := filepath.Join(dir, filepath.FromSlash(archive.MediaPath(serviceSID, fileNo(2)))) + suffix
			require.NoError(t, os.RemoveAll(obstacle))
			require.NoError(t, os.MkdirAll(filepath.Join(obstacle, "x"), 0o700))
			_, _, err := a.saved(t.Context(), t, dir, nil, "")
			require.ErrorContains(t, err, fileNo(2))
			require.NoError(t, os.RemoveAll(obstacle))
		}
		require.Equal(t, 2, a.asked[fileNo(2)])
		_, made, err := a.saved(t.Context(), t, dir, nil, "")
		require.NoError(t, err)
		requireFiles(t, made, 1, 2, 3)
	})
	t.Run("because the source shows another", func(t *testing.T) {
		a := albumOf(t, numbered(1, 1))
		a.opened = func(_ context.Context, _ string, _ int, m migrate.Media, body io.ReadCloser) (migrate.Media, io.ReadCloser, error) {
			m.SID = fileNo(7)
			return m, body, nil
		}
		got, made, err := a.saved(t.Context(), t, filepath.Join(t.TempDir(), "made"), nil, "")
		require.NoError(t, err)
		require.Contains(t, got.MediaMissing[0].Reason, fileNo(7))
		requireFiles(t, made)
	})
}
