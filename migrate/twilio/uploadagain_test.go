package twilio

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
)

// net/http may read a body after the request was answered. What comes of that is
// not what broke a later attempt.
func TestUploadLeftBehind(t *testing.T) {
	late := errors.New("late")
	bodies := []io.Reader{iotest.ErrReader(late), strings.NewReader("hello")}
	f := &file{ctx: t.Context(), open: func(context.Context) (io.ReadCloser, error) {
		body := bodies[0]
		bodies = bodies[1:]
		return io.NopCloser(body), nil
	}}
	first, err := f.again()
	require.NoError(t, err)
	_, err = first.Read(nil)
	require.ErrorIs(t, err, late)
	require.Equal(t, late, f.failed())

	second, err := f.again()
	require.NoError(t, err)
	require.NoError(t, f.failed())
	done := make(chan error)
	go func() {
		_, err := first.Read(nil)
		done <- err
	}()
	raw, err := io.ReadAll(second)
	require.NoError(t, err)
	require.Equal(t, "hello", string(raw))
	require.ErrorIs(t, <-done, late)
	require.NoError(t, f.failed())
}

func TestUploadOfAnEmptyFileThatIsNot(t *testing.T) {
	s := newStore(t)
	keep(s, func(int) int { return 201 }, func() string { return s.record(0, "") })
	longer := &migrate.Error{Op: readFile, Kind: migrate.Refused, Err: errors.New("sends more")}
	_, err := must(NewTarget(s.config(t))).UploadMedia(t.Context(), service, migrate.Media{ContentType: "text/plain"},
		func(context.Context) (io.ReadCloser, error) { return io.NopCloser(iotest.ErrReader(longer)), nil })
	require.Equal(t, error(longer), err)
	require.Empty(t, s.asked)
}
