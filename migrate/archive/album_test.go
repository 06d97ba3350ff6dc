package archive_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

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
	lanes int            // channels at once
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
	return &album{Source: source(t, fsys), asked: map[string]int{}, lanes: 2}
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
	got, err := (&archive.Exporter{Source: a, Observer: o, Concurrency: a.lanes}).Run(ctx, w)
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
