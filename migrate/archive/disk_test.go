package archive_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/archive"
)

var errDisk = errors.New("input/output error")

// failingDisk is a file system of which one operation fails.
type failingDisk struct {
	fs.FS
	at, seen int // the how many-th operation, from 1; 0 lets all pass
	hit      string
	plain    bool // files cannot seek, as in a zip
}

func (d *failingDisk) fails(op, name string) error {
	if d.at == 0 {
		return nil
	}
	if d.seen++; d.seen != d.at {
		return nil
	}
	d.hit = op + " " + name
	return &fs.PathError{Op: op, Path: name, Err: errDisk}
}

func (d *failingDisk) Open(name string) (fs.File, error) {
	f, err := d.FS.Open(name)
	if err != nil {
		return nil, err
	}
	if failed := d.fails("open", name); failed != nil {
		return nil, errors.Join(failed, f.Close())
	}
	if info, err := f.Stat(); err != nil || info.IsDir() {
		return f, err
	}
	if d.plain {
		return plainFile{f, d, name}, nil
	}
	return anywhereFile{plainFile{f, d, name}, f.(io.ReaderAt)}, nil
}

type plainFile struct {
	fs.File
	disk *failingDisk
	name string
}

func (f plainFile) Read(p []byte) (int, error) {
	if err := f.disk.fails("read", f.name); err != nil {
		return 0, err
	}
	return f.File.Read(p)
}

type anywhereFile struct {
	plainFile
	at io.ReaderAt
}

func (f anywhereFile) ReadAt(p []byte, off int64) (int, error) {
	if err := f.disk.fails("read", f.name); err != nil {
		return 0, err
	}
	return f.at.ReadAt(p, off)
}

// readAll reads everything that a Source shows of the workspace, and stops at
// the first error.
func readAll(ctx context.Context, s *archive.Source) (n int, err error) {
	count := func(err error) bool { n++; return err == nil }
	var last error
	keep := func(err error) bool { last = err; return count(err) }
	for _, err := range s.Services(ctx) {
		if !keep(err) {
			return n, last
		}
	}
	for _, err := range s.Credentials(ctx) {
		if !keep(err) {
			return n, last
		}
	}
	for _, err := range s.Roles(ctx, serviceSID) {
		if !keep(err) {
			return n, last
		}
	}
	for u, err := range s.Users(ctx, serviceSID) {
		if !keep(err) {
			return n, last
		}
		if _, err := s.User(ctx, serviceSID, u.SID); !keep(err) {
			return n, last
		}
		for _, err := range s.UserChannels(ctx, serviceSID, u.SID) {
			if !keep(err) {
				return n, last
			}
		}
	}
	for c, err := range s.Channels(ctx, serviceSID) {
		if !keep(err) {
			return n, last
		}
		if _, err := s.Channel(ctx, serviceSID, c.SID); !keep(err) {
			return n, last
		}
		for _, err := range s.Members(ctx, serviceSID, c.SID) {
			if !keep(err) {
				return n, last
			}
		}
		for _, err := range s.Invites(ctx, serviceSID, c.SID) {
			if !keep(err) {
				return n, last
			}
		}
		for _, newest := range []bool{false, true} {
			for _, err := range s.Messages(ctx, serviceSID, c.SID, migrate.Span{After: migrate.All, NewestFirst: newest}) {
				if !keep(err) {
					return n, last
				}
			}
		}
	}
	_, body, err := s.OpenMedia(ctx, serviceSID, fileSID)
	if !keep(err) {
		return n, last
	}
	defer body.Close()
	_, err = io.Copy(io.Discard, body)
	keep(err)
	return n, last
}

func full() fstest.MapFS {
	fsys := workspace()
	fsys[archive.UserChannelsPath(serviceSID)] = &fstest.MapFile{Data: []byte(`{"user_sid":"US1","channel_sid":"` + channelSID + `","status":"joined"}` + "\n")}
	fsys[archive.CredentialsPath] = &fstest.MapFile{Data: []byte(`{"sid":"CR1"}` + "\n")}
	putFile(fsys, fileSID, "lamp")
	return fsys
}

// TestDiskThatFails has each operation on the disk fail, one after the other. No
// list ends short without an error, and none of it is taken for a record that
// makes no sense, which would cost one channel and let the rest go on.
func TestDiskThatFails(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, full()))
	for name, plain := range map[string]bool{"a folder": false, "a zip": true} {
		t.Run("under "+name, func(t *testing.T) {
			whole, err := readAll(t.Context(), archive.NewSource(open(t, full())))
			require.NoError(t, err)
			at := 1
			for ; ; at++ {
				disk := &failingDisk{FS: os.DirFS(dir), plain: plain}
				a := open(t, disk)
				disk.at = at
				s := archive.NewSource(a)
				n, err := readAll(t.Context(), s)
				require.NoError(t, s.Close())
				if disk.hit == "" {
					require.NoError(t, err)
					require.Equal(t, whole, n)
					break
				}
				require.ErrorIs(t, err, errDisk, disk.hit)
				require.False(t, migrate.Unreadable(err), disk.hit)
			}
			require.Greater(t, at, 30)
		})
	}

	t.Run("under a verification", func(t *testing.T) {
		w := create(t, t.TempDir())
		require.NoError(t, w.Abandon())
		made := t.TempDir()
		w = create(t, made)
		write(t, w, archive.UsersPath(serviceSID), `{"sid":"US1"}`)
		write(t, w, archive.RolesPath(serviceSID), `{"sid":"RL1"}`)
		require.NoError(t, w.Close())
		at := 1
		for ; ; at++ {
			disk := &failingDisk{FS: os.DirFS(made)}
			a := open(t, disk)
			disk.at = at
			err := a.Verify(t.Context())
			if disk.hit == "" {
				require.NoError(t, err)
				break
			}
			require.ErrorIs(t, err, errDisk, disk.hit)
		}
		require.Greater(t, at, 5)
	})

	t.Run("while it is opened", func(t *testing.T) {
		at := 1
		for ; ; at++ {
			disk := &failingDisk{FS: os.DirFS(dir), at: at}
			_, err := archive.Open(disk)
			if disk.hit == "" {
				require.NoError(t, err)
				break
			}
			require.ErrorIs(t, err, errDisk, disk.hit)
		}
		require.Greater(t, at, 2)
	})
}

func TestReadingThatIsToldToStop(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := source(t, full())
	require.Equal(t, migrate.Interrupted, failureOf(t, s.Services(ctx)).Kind)
	require.Equal(t, migrate.Interrupted, failureOf(t, s.Users(ctx, serviceSID)).Kind)
	require.Equal(t, migrate.Interrupted, failureOf(t, s.UserChannels(ctx, serviceSID, "US1")).Kind)
	require.Equal(t, migrate.Interrupted, failureOf(t, s.Messages(ctx, serviceSID, channelSID, migrate.Span{After: migrate.All})).Kind)
	_, err := s.User(ctx, serviceSID, "US1")
	require.Equal(t, migrate.Interrupted, migrate.KindOf(err))
}
