package archive_test

import (
	"context"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/chat"
	"chatbridge/migrate"
	"chatbridge/migrate/archive"
)

func collect[T any](t *testing.T, seq iter.Seq2[T, error]) []T {
	t.Helper()
	var all []T
	for x, err := range seq {
		require.NoError(t, err)
		all = append(all, x)
	}
	return all
}

// failureOf returns the error that ends seq.
func failureOf[T any](t *testing.T, seq iter.Seq2[T, error]) *migrate.Error {
	t.Helper()
	var last error
	for _, err := range seq {
		require.NoError(t, last, "an error is the last element")
		last = err
	}
	var e *migrate.Error
	require.ErrorAs(t, last, &e)
	return e
}

func source(t *testing.T, fsys fs.FS) *archive.Source {
	t.Helper()
	s := archive.NewSource(open(t, fsys))
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// indexes are those of the messages that a span selects.
func indexes(t *testing.T, s *archive.Source, span migrate.Span) []int64 {
	t.Helper()
	var all []int64
	for _, m := range collect(t, s.Messages(t.Context(), serviceSID, channelSID, span)) {
		all = append(all, m.Index)
	}
	return all
}

// stored returns the workspace as file systems that can seek and cannot.
func stored(t *testing.T, fsys fs.FS) map[string]fs.FS {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, fsys))
	return map[string]fs.FS{"a folder": os.DirFS(dir), "memory": fsys, "a file system that only reads": readOnly{fsys}}
}

// readOnly hides that files can seek, as a zip does.
type readOnly struct{ fs.FS }

func (f readOnly) Open(name string) (fs.File, error) {
	file, err := f.FS.Open(name)
	if _, dir := file.(fs.ReadDirFile); dir || err != nil {
		return file, err
	}
	return struct{ fs.File }{file}, nil
}

func TestSourceMessages(t *testing.T) {
	for name, fsys := range stored(t, workspace()) {
		t.Run("selects spans in either direction from "+name, func(t *testing.T) {
			s := source(t, fsys)
			require.Equal(t, []int64{0, 2, 5}, indexes(t, s, migrate.Span{After: migrate.All}))
			require.Equal(t, []int64{5}, indexes(t, s, migrate.Span{After: 2}))
			require.Equal(t, []int64{5}, indexes(t, s, migrate.Span{After: 3}))
			require.Equal(t, []int64{5, 2, 0}, indexes(t, s, migrate.Span{After: migrate.All, NewestFirst: true}))
			require.Equal(t, []int64{5, 2}, indexes(t, s, migrate.Span{After: 0, NewestFirst: true}))
			require.Empty(t, indexes(t, s, migrate.Span{After: 5}))
			require.Empty(t, indexes(t, s, migrate.Span{After: 5, NewestFirst: true}))
		})
	}
	for name, bad := range map[string]string{
		"out of order": `{"index":4}` + "\n" + `{"index":3}`,
		"that repeats": `{"index":4}` + "\n" + `{"index":4}`,
		"that is gone": `{"index":3}` + "\n" + `{"sid":"IM4"}`,
	} {
		t.Run("refuses an index "+name+" in either direction", func(t *testing.T) {
			fsys := workspace()
			fsys[archive.MessagesPath(serviceSID, channelSID)].Data = []byte(bad)
			s := source(t, fsys)
			for _, newest := range []bool{false, true} {
				e := failureOf(t, s.Messages(t.Context(), serviceSID, channelSID, migrate.Span{After: migrate.All, NewestFirst: newest}))
				require.Equal(t, channelSID, e.SID)
				require.ErrorContains(t, e, archive.MessagesPath(serviceSID, channelSID))
				require.ErrorContains(t, e, "index")
			}
		})
	}
	t.Run("stops when the context ends", func(t *testing.T) {
		s := source(t, workspace())
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var got int
		var last error
		for _, err := range s.Messages(ctx, serviceSID, channelSID, migrate.Span{After: migrate.All}) {
			if last = err; err == nil {
				got++
				cancel()
			}
		}
		require.Equal(t, 1, got)
		require.Equal(t, migrate.Interrupted, migrate.KindOf(last))
		require.ErrorIs(t, last, context.Canceled)
	})
}

// counting counts the bytes that are read from files that can seek.
type counting struct {
	fstest.MapFS
	read *int
}

type countingFile struct {
	fs.File
	read *int
}

func (c counting) Open(name string) (fs.File, error) {
	f, err := c.MapFS.Open(name)
	return &countingFile{f, c.read}, err
}

func (f *countingFile) ReadAt(p []byte, off int64) (int, error) {
	*f.read += len(p)
	return f.File.(interface {
		ReadAt([]byte, int64) (int, error)
	}).ReadAt(p, off)
}

func (f *countingFile) Read(p []byte) (int, error) {
	n, err := f.File.Read(p)
	*f.read += n
	return n, err
}

func TestNewestFirst(t *testing.T) {
	long := func(lines int, size func(int) int) fstest.MapFS {
		var b strings.Builder
		for i := range lines {
			fmt.Fprintf(&b, "{\"index\":%d,\"body\":%q}\n", i, strings.Repeat("x", size(i)))
		}
		fsys := workspace()
		fsys[archive.MessagesPath(serviceSID, channelSID)].Data = []byte(b.String())
		return fsys
	}
	t.Run("reads no more of a long file than its tail", func(t *testing.T) {
		read := 0
		s := source(t, counting{long(20_000, func(int) int { return 400 }), &read})
		before := read
		require.Len(t, indexes(t, s, migrate.Span{After: 19_989, NewestFirst: true}), 10)
		require.Less(t, read-before, 256<<10)
	})
	t.Run("is the reverse of oldest first, whatever the length of lines", func(t *testing.T) {
		sizes := []int{0, 1, 40, 64<<10 - 30, 64 << 10, 64<<10 + 1, 200 << 10, 3}
		for name, fsys := range stored(t, long(32, func(i int) int { return sizes[i%len(sizes)] })) {
			s := source(t, fsys)
			forward := indexes(t, s, migrate.Span{After: migrate.All})
			backward := indexes(t, s, migrate.Span{After: migrate.All, NewestFirst: true})
			slices.Reverse(backward)
			require.Len(t, forward, 32)
			require.Equal(t, forward, backward, name)
		}
	})
	t.Run("refuses a line that is too long", func(t *testing.T) {
		s := source(t, long(2, func(i int) int { return (1 - i) * (archive.MaxLine + 1<<20) }))
		e := failureOf(t, s.Messages(t.Context(), serviceSID, channelSID, migrate.Span{After: migrate.All, NewestFirst: true}))
		require.ErrorIs(t, e, archive.ErrLineTooLong)
	})
}

func TestSourceLookups(t *testing.T) {
	for name, fsys := range stored(t, workspace()) {
		t.Run("finds users and channels by SID in "+name, func(t *testing.T) {
			s := source(t, fsys)
			for range 2 {
				user, err := s.User(t.Context(), serviceSID, "US2")
				require.NoError(t, err)
				require.Equal(t, "bo", user.Identity)
				require.JSONEq(t, `{"sid":"US2","identity":"bo","attributes":"{}"}`, string(user.Raw))
				channel, err := s.Channel(t.Context(), serviceSID, emptySID)
				require.NoError(t, err)
				require.Equal(t, emptySID, channel.SID)
			}
		})
	}
	t.Run("says which SID is not there", func(t *testing.T) {
		_, err := source(t, workspace()).User(t.Context(), serviceSID, "US9")
		require.Equal(t, migrate.NotFound, migrate.KindOf(err))
		require.ErrorContains(t, err, "US9")
	})
	t.Run("refuses a SID that is listed twice", func(t *testing.T) {
		fsys := workspace()
		name := archive.ChannelsPath(serviceSID)
		fsys[name].Data = append(fsys[name].Data, fmt.Sprintf("{\"sid\":%q}\n", channelSID)...)
		s := source(t, fsys)
		_, err := s.Channel(t.Context(), serviceSID, emptySID)
		require.ErrorContains(t, err, name+":3: ")
		require.ErrorContains(t, failureOf(t, s.Channels(t.Context(), serviceSID)), "twice")
	})
}

func TestSourceErrors(t *testing.T) {
	t.Run("a service that is not there is not found", func(t *testing.T) {
		unknown := "IS0000000000000000000000000000dead"
		e := failureOf(t, source(t, workspace()).Users(t.Context(), unknown))
		require.Equal(t, unknown, e.SID)
		require.Equal(t, migrate.NotFound, e.Kind)
	})
	t.Run("a resource without a SID is refused, since it could not be told from the next", func(t *testing.T) {
		fsys := workspace()
		fsys[archive.UsersPath(serviceSID)].Data = []byte("{\"sid\":\"US1\",\"identity\":\"ann\"}\n{\"identity\":\"bob\"}\n")
		e := failureOf(t, source(t, fsys).Users(t.Context(), serviceSID))
		require.ErrorContains(t, e, archive.UsersPath(serviceSID)+":2: resource has no SID")
	})
	t.Run("a resource that does not decode names file, line and service", func(t *testing.T) {
		fsys := workspace()
		fsys[archive.UsersPath(serviceSID)].Data = []byte("{\"sid\":\"US1\"}\n{\"sid\":7}\n")
		e := failureOf(t, source(t, fsys).Users(t.Context(), serviceSID))
		require.Equal(t, serviceSID, e.SID)
		require.ErrorContains(t, e, archive.UsersPath(serviceSID)+":2: ")
	})
	t.Run("a service file that holds another service is refused", func(t *testing.T) {
		fsys := workspace()
		fsys[archive.ServicePath(serviceSID)].Data = []byte(`{"sid":"IS1"}`)
		e := failureOf(t, source(t, fsys).Services(t.Context()))
		require.ErrorContains(t, e, `holds "IS1"`)
	})
	t.Run("optional files that are missing are empty", func(t *testing.T) {
		s := source(t, workspace())
		require.Empty(t, collect(t, s.Credentials(t.Context())))
		require.Empty(t, collect[chat.Invite](t, s.Invites(t.Context(), serviceSID, channelSID)))
	})
}
