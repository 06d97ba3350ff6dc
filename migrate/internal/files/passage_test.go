package files_test

import (
	"context"
	"crypto/sha256"
	"io"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/internal/files"
)

// drip is a source that gives a file a byte at a time, and counts what is closed.
type drip struct {
	*sides
	closed *int
}

func (d drip) OpenMedia(ctx context.Context, service, sid string) (migrate.Media, io.ReadCloser, error) {
	m, body, err := d.sides.OpenMedia(ctx, service, sid)
	if err != nil {
		return m, nil, err
	}
	return m, dripping{iotest.OneByteReader(body), d.closed}, nil
}

type dripping struct {
	io.Reader
	closed *int
}

func (d dripping) Close() error {
	*d.closed++
	return nil
}

// forgetful leaves the body of its first attempt behind.
type forgetful struct {
	migrate.Target
	left *io.ReadCloser
}

func (f forgetful) UploadMedia(ctx context.Context, _ string, m migrate.Media, open migrate.OpenFile) (migrate.Media, error) {
	body, err := open(ctx)
	switch {
	case err != nil:
	case *f.left == nil:
		*f.left, err = body, other
	default:
		_, err = io.ReadAll(body)
	}
	return m, err
}

// blind says that it has a file for which it never asked.
type blind struct{ migrate.Target }

func (blind) UploadMedia(_ context.Context, _ string, m migrate.Media, _ migrate.OpenFile) (migrate.Media, error) {
	return m, nil
}

func copyJob(s *sides) files.Job {
	j := s.message().Job
	j.Media = want.Media
	return j
}

func TestPassage(t *testing.T) {
	t.Run("each byte is told once, and moves each time", func(t *testing.T) {
		s := newSides()
		s.uploads = []error{other}
		j := copyJob(s)
		j.Source = drip{s, new(int)}
		moved := 0
		j.Moved = func() { moved++ }
		var told []int64
		_, _, err := files.New(func(n int64) { told = append(told, n) }).Copy(t.Context(), j)
		require.NoError(t, err)
		require.Equal(t, []int64{1, 1, 1, 1, 1}, told)
		require.Equal(t, 2*5, moved, "the end of a file is no byte of it")
	})
	t.Run("a file of another length is closed unread, and asked for again ever later", func(t *testing.T) {
		s := newSides()
		s.bytes = []byte("hell")
		j, closed := copyJob(s), 0
		j.Source = drip{s, &closed}
		_, _, err := files.New(nil).Copy(t.Context(), j)
		require.ErrorContains(t, err, "message says 5")
		require.Equal(t, 3, closed)
		require.Equal(t, (2+4)*time.Second, s.waited)
	})
	t.Run("what an attempt left behind can be read on, and does not count", func(t *testing.T) {
		s := newSides()
		j := copyJob(s)
		var left io.ReadCloser
		j.Target = forgetful{s, &left}
		told := 0
		_, passed, err := files.New(func(n int64) { told += int(n) }).Copy(t.Context(), j)
		require.NoError(t, err)
		raw, err := io.ReadAll(left)
		require.NoError(t, err)
		require.Equal(t, s.bytes, raw)
		require.Equal(t, 5, told)
		require.Equal(t, sha256.Sum256(s.bytes), passed.SHA256)
	})
	t.Run("a target that never asked for it has not got it", func(t *testing.T) {
		s := newSides()
		j := copyJob(s)
		j.Target = blind{s}
		_, _, err := files.New(nil).Copy(t.Context(), j)
		require.ErrorContains(t, err, "after 0 of 5 bytes")
	})
	t.Run("an upload that fails is of the line, not the file", func(t *testing.T) {
		s := newSides()
		s.uploads = []error{&migrate.Error{Op: "upload file", Kind: migrate.Unavailable, Err: io.ErrUnexpectedEOF}}
		_, _, err := files.New(nil).Copy(t.Context(), copyJob(s))
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
		require.NotErrorAs(t, err, new(*files.LostError))
	})
}

func TestWaitsForASlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, waits := migrate.WithWaits(t.Context())
		c, release := files.New(nil), make(chan struct{})
		done := make(chan error)
		for range files.AtOnce + 1 {
			go func() {
				s := newSides()
				j := copyJob(s)
				j.Target = slow{s, new(atomic.Int64), release}
				_, _, err := c.Copy(ctx, j)
				done <- err
			}()
		}
		synctest.Wait()
		time.Sleep(time.Minute)
		require.Equal(t, []migrate.Wait{{Cause: migrate.AtOnce, Others: 1, Seconds: 60}}, waits.Now(0))
		close(release)
		for range files.AtOnce + 1 {
			require.NoError(t, <-done)
		}
		require.Empty(t, waits.Now(0))
	})
}
