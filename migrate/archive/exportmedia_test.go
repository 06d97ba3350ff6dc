package archive_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/chat"
	"chatbridge/migrate"
	"chatbridge/migrate/archive"
)

// album is a source whose messages have files, kept in memory.
type album struct {
	migrate.Source
	// opened, if it is there, answers for a file instead. try is how often it was
	// asked for, from 1.
	opened func(ctx context.Context, sid string, try int, m migrate.Media, body io.ReadCloser) (migrate.Media, io.ReadCloser, error)
	// channel, likewise, for one channel.
	channel func(sid string) error

	mu    sync.Mutex
	asked map[string]int // by SID
	most  int            // bytes of one Read
}

func (a *album) OpenMedia(ctx context.Context, serviceSID, sid string) (migrate.Media, io.ReadCloser, error) {
	a.mu.Lock()
	a.asked[sid]++
	try := a.asked[sid]
	a.mu.Unlock()
	m, body, err := a.Source.OpenMedia(ctx, serviceSID, sid)
	if err == nil && a.opened != nil {
		return a.opened(ctx, sid, try, m, body)
	}
	return m, body, err
}

func (a *album) Channel(ctx context.Context, serviceSID, sid string) (chat.Channel, error) {
	if a.channel != nil {
		if err := a.channel(sid); err != nil {
			return chat.Channel{}, err
		}
	}
	return a.Source.Channel(ctx, serviceSID, sid)
}

func (a *album) reads() (n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, times := range a.asked {
		n += times
	}
	return n
}

func fileNo(n int) string      { return fmt.Sprintf("ME%032x", n) }
func contentNo(n int) string   { return strings.Repeat(fmt.Sprintf("file %d. ", n), 1000+n) }
func albumRoom(n int) string   { return fmt.Sprintf("CH%032x", n) }
func mediaOf(n int) (s string) { return namedMedia(fileNo(n), len(contentNo(n))) }
func namedMedia(sid string, size int) string {
	return fmt.Sprintf(`{"sid":%q,"size":%d,"content_type":"text/plain","filename":"a.txt"}`, sid, size)
}

// albumOf has a channel for each list of media, with a message for each of them.
func albumOf(t *testing.T, rooms ...[]string) *album {
	t.Helper()
	fsys := workspace()
	fsys[archive.ChannelsPath(serviceSID)].Data = nil
	for i, media := range rooms {
		var lines bytes.Buffer
		for n, one := range media {
			fmt.Fprintf(&lines, `{"sid":"IM%032x","index":%d,"type":"media","body":null,"attributes":"{}","media":%s}`+"\n", i<<8+n, n, one)
		}
		fsys[archive.ChannelsPath(serviceSID)].Data = fmt.Appendf(fsys[archive.ChannelsPath(serviceSID)].Data,
			`{"sid":%q,"attributes":"{}","messages_count":%d,"members_count":0}`+"\n", albumRoom(i+1), len(media))
		fsys[archive.MessagesPath(serviceSID, albumRoom(i+1))] = &fstest.MapFile{Data: lines.Bytes()}
	}
	for n := 1; n < 20; n++ {
		putFile(fsys, fileNo(n), contentNo(n))
	}
	return &album{Source: source(t, fsys), asked: map[string]int{}}
}

func numbered(from, to int) (all []string) {
	for n := from; n <= to; n++ {
		all = append(all, mediaOf(n))
	}
	return all
}

// saved runs one export as a process would, and opens what it finished.
func (a *album) saved(ctx context.Context, t *testing.T, dir string, o migrate.Observer, media string) (archive.Exported, *archive.Archive, error) {
	t.Helper()
	m := manifest
	m.SourceAPI, m.Media = "v2", media
	w, err := archive.Continue(context.WithoutCancel(ctx), dir, m)
	require.NoError(t, err)
	got, err := (&archive.Exporter{Source: a, Observer: o, Concurrency: 2}).Run(ctx, w)
	if err != nil {
		require.NoError(t, w.Abandon())
		require.NoFileExists(t, filepath.Join(dir, archive.ManifestPath))
		return got, nil, err
	}
	require.NoError(t, w.Close())
	made, closer, err := archive.OpenPath(dir)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, closer.Close()) })
	require.NoError(t, made.Verify(t.Context()))
	return got, made, nil
}

// requireFiles requires that the archive has these files, whole, and no others.
func requireFiles(t *testing.T, a *archive.Archive, numbers ...int) {
	t.Helper()
	s := archive.NewSource(a)
	defer s.Close()
	total := 0
	for _, n := range numbers {
		m, got, err := readMedia(t, s, serviceSID, fileNo(n))
		require.NoError(t, err)
		require.Equal(t, contentNo(n), got)
		require.Equal(t, migrate.Media{SID: fileNo(n), Size: int64(len(got)), ContentType: "text/plain", Filename: "a.txt"}, m)
		require.Equal(t, archive.File{SHA256: digestOf(got), Bytes: m.Size}, a.Manifest.Files[archive.MediaPath(serviceSID, fileNo(n))])
		total += len(got)
	}
	files, size := a.Media()
	require.EqualValues(t, len(numbers), files)
	require.EqualValues(t, total, size)
	list, err := lines(a, archive.MediaListPath(serviceSID))
	require.NoError(t, err)
	require.Len(t, list, len(numbers))
}

func failed(kind migrate.Kind, text string) error {
	return &migrate.Error{Op: "read file", Kind: kind, Err: errors.New(text)}
}

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
		a := albumOf(t, numbered(1, 4), append(numbered(5, 8), mediaOf(2)))
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
		requireFiles(t, made, 2, 5, 6, 7, 8) // of 2 another channel's message has it too
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

// tallied counts what an Observer is told.
type tallied struct {
	mu          sync.Mutex
	done, total map[string]int64
}

func (o *tallied) Total(kind string, n int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.total == nil {
		o.total = map[string]int64{}
	}
	o.total[kind] = max(n, o.total[kind]) // told by many at once
}

func (o *tallied) Done(kind string, n int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.done == nil {
		o.done = map[string]int64{}
	}
	o.done[kind] += n
}

func (o *tallied) Event(migrate.Event) {}

// closing does something when it is closed.
type closing struct {
	io.ReadCloser
	do func()
}

func (c closing) Close() error {
	c.do()
	return c.ReadCloser.Close()
}

// broken reads nothing but an error.
type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }

// does reads nothing, and does something.
type does func()

func (d does) Read([]byte) (int, error) {
	d()
	return 0, io.EOF
}

// zeros are so many bytes that nobody holds.
type zeros struct {
	album *album
	left  int
}

func (z *zeros) Read(p []byte) (int, error) {
	z.album.most = max(z.album.most, len(p))
	if z.left == 0 {
		return 0, io.EOF
	}
	n := min(len(p), z.left)
	clear(p[:n])
	z.left -= n
	return n, nil
}
