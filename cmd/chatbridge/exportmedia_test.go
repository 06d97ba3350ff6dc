package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/archive"
	"chatbridge/migrate/sourcetest"
)

// lacking is a source of which some files cannot be read.
type lacking struct {
	migrate.Source
	kinds map[string]migrate.Kind // by SID
}

func (s lacking) OpenMedia(ctx context.Context, serviceSID, sid string) (migrate.Media, io.ReadCloser, error) {
	if kind, bad := s.kinds[sid]; bad {
		return migrate.Media{}, nil, &migrate.Error{Op: "read file", Kind: kind, SID: sid, Err: errors.New("no")}
	}
	return s.Source.OpenMedia(ctx, serviceSID, sid)
}

// exportMedia exports the world of the source suite, in which three messages have
// files, and opens what was made.
func exportMedia(t *testing.T, path, api, output string, files bool, kinds map[string]migrate.Kind) (screen, error) {
	t.Helper()
	sc := newScreen("", false)
	return sc, runExport(t.Context(), &exportOptions{
		commonOptions: &commonOptions{LogFormat: logText, NoColor: true, Quiet: true}, outputOption: outputOption{output},
		connectionOptions: connectionOptions{widthOptions: widthOptions{Concurrency: 4}, Timeout: defaultTimeout},
		Path:              path, Files: files, console: sc.console, now: time.Now,
		connect: func(context.Context, connector, access) (*endpoints, error) {
			a, err := archive.Open(sourcetest.Invent().Files())
			if err != nil {
				return nil, err
			}
			src := archive.NewSource(a)
			return &endpoints{source: lacking{src, kinds}, sourceAccount: a.Manifest.AccountSID, sourceAPI: api, closers: []io.Closer{src}}, nil
		},
	})
}

func TestExportOfFiles(t *testing.T) {
	t.Parallel()
	service, long := sourcetest.Invent().LongFile()
	made := func(t *testing.T, path string) *archive.Archive {
		a, closer, err := archive.OpenPath(path)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, closer.Close()) })
		require.NoError(t, a.Verify(t.Context()))
		return a
	}
	for _, name := range []string{"desk", "desk.zip"} {
		t.Run("says how many there are, and how large: "+name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), name)
			sc, err := exportMedia(t, path, "v2", "json", true, nil)
			require.NoError(t, err)
			var got exportReport
			require.NoError(t, json.Unmarshal(sc.stdout.Bytes(), &got))
			require.Equal(t, exportedMedia{Files: 3, Bytes: 300_002, State: "read"}, got.Media)
			require.Contains(t, sc.stdout.String(), `"media_missing": []`)
			a := made(t, path)
			require.EqualValues(t, len(a.Manifest.Files), got.Files)
			require.Equal(t, a.Size(), got.Bytes)
			s := archive.NewSource(a)
			defer s.Close()
			_, body, err := s.OpenMedia(t.Context(), service, long)
			require.NoError(t, err)
			n, err := io.Copy(io.Discard, body)
			require.NoError(t, errors.Join(err, body.Close()))
			require.EqualValues(t, 300_001, n)

			if name == "desk" {
				sc, err = exportMedia(t, path+"2", "v2", "text", true, nil)
				require.NoError(t, err)
				require.Contains(t, sc.stdout.String(), "\n  files        3, 300,002 bytes\n")
			}
		})
	}
	t.Run("purge says that an archive holds files, and that one without holds none", func(t *testing.T) {
		for files, want := range map[bool]string{true: "complete messages, their files, people", false: "complete messages, people"} {
			path := filepath.Join(t.TempDir(), "desk")
			_, err := exportMedia(t, path, "v2", "text", files, nil)
			require.NoError(t, err)
			s := &sweep{}
			found, err := s.archive(path)
			require.NoError(t, err)
			require.True(t, found)
			require.Contains(t, s.items[0].Holds, want)
		}
	})
	t.Run("leaves them out if it is told to, and says so", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "desk")
		sc, err := exportMedia(t, path, "v2", "text", false, map[string]migrate.Kind{long: migrate.Unavailable})
		require.NoError(t, err)
		require.Contains(t, sc.stdout.String(), "\n  files        left out (--files=false)\n")
		require.Equal(t, archive.MediaLeftOut, made(t, path).Manifest.Media)
	})
	t.Run("says of v1 that it shows none", func(t *testing.T) {
		require.Equal(t, "not shown by v1 (--source-api v2 shows them)", mediaIn(&archive.Archive{}, "").text())
	})
	t.Run("ends with 3 and names one that is gone, or not for this key", func(t *testing.T) {
		for kind, why := range map[migrate.Kind]string{migrate.NotFound: "no longer had it", migrate.Credentials: "was not allowed"} {
			path := filepath.Join(t.TempDir(), "desk")
			sc, err := exportMedia(t, path, "v2", "text", true, map[string]migrate.Kind{long: kind})
			require.Equal(t, exitIncomplete, statusOf(err), "%v", err)
			require.ErrorContains(t, err, "1 file of a message was not read")
			require.Contains(t, hintOf(err), "manifest.json")
			require.Regexp(t, "(?m)^file not in the archive: "+long+": .*"+why, sc.stdout.String())
			a := made(t, path)
			require.Len(t, a.Manifest.MediaMissing, 1)

			sc, err = exportMedia(t, path+"2", "v2", "json", true, map[string]migrate.Kind{long: kind})
			require.Equal(t, exitIncomplete, statusOf(err))
			var got exportReport
			require.NoError(t, json.Unmarshal(sc.stdout.Bytes(), &got))
			require.Equal(t, a.Manifest.MediaMissing, got.MediaMissing)
			require.EqualValues(t, 2, got.Media.Files)
		}
	})
	t.Run("ends with 5 in an outage, and goes on later", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "desk.zip")
		_, err := exportMedia(t, path, "v2", "text", true, map[string]migrate.Kind{long: migrate.Unavailable})
		require.Equal(t, exitService, statusOf(err))
		require.NoFileExists(t, path)
		_, err = exportMedia(t, path, "v2", "text", true, nil)
		require.NoError(t, err)
		made(t, path)
	})
	t.Run("says the same of a zip of which only packing was left", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "desk.zip")
		_, err := exportMedia(t, path+".unfinished", "v2", "text", true, map[string]migrate.Kind{long: migrate.NotFound})
		require.Equal(t, exitIncomplete, statusOf(err))
		sc, err := exportMedia(t, path, "v2", "json", true, nil)
		require.Equal(t, exitIncomplete, statusOf(err))
		var got exportReport
		require.NoError(t, json.Unmarshal(sc.stdout.Bytes(), &got))
		require.Equal(t, exportedMedia{Files: 2, Bytes: 1, State: "read"}, got.Media)
		require.Len(t, got.MediaMissing, 1)
	})
}
