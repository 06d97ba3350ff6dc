package sourcetest

import (
	"context"
	"io"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
)

// testMedia requires files whole, as often as they are asked for, and an error
// where one is not.
func testMedia(t *testing.T, suite Suite, w World) {
	s := suite.Open(t, w)
	for _, f := range w.services[0].files {
		t.Run("a file is what it says, whole, and may be read again: "+f.SID, func(t *testing.T) {
			for range 2 {
				m, body, err := s.OpenMedia(t.Context(), sid("IS", 1), f.SID)
				require.NoError(t, err)
				require.Equal(t, f.Media, m)
				got, err := io.ReadAll(body)
				require.NoError(t, err)
				require.Equal(t, f.content, got)
				n, err := body.Read(make([]byte, 1))
				require.Zero(t, n)
				require.Equal(t, io.EOF, err, "what has ended stays so")
				require.NoError(t, body.Close())
			}
		})
	}
	service, long := w.LongFile()
	content := w.services[0].files[len(w.services[0].files)-1].content
	t.Run("a file may be read byte by byte, beside another reader, and left in the middle", func(t *testing.T) {
		_, one, err := s.OpenMedia(t.Context(), service, long)
		require.NoError(t, err)
		_, other, err := s.OpenMedia(t.Context(), service, long)
		require.NoError(t, err)
		few := make([]byte, 7)
		_, err = io.ReadFull(iotest.OneByteReader(one), few)
		require.NoError(t, err)
		require.Equal(t, content[:7], few)
		require.NoError(t, one.Close())
		n, err := io.Copy(io.Discard, other)
		require.NoError(t, err)
		require.EqualValues(t, len(content), n)
		require.NoError(t, other.Close())
	})
	t.Run("a file that is not there is an error", func(t *testing.T) {
		for _, at := range [][2]string{{service, sid("ME", 0xdead)}, {sid("IS", 2), long}, {sid("IS", 0xdead), long}} {
			_, body, err := s.OpenMedia(t.Context(), at[0], at[1])
			requireKind(t, migrate.NotFound, err)
			require.Nil(t, body)
		}
	})
	t.Run("a file of a canceled context is an error", func(t *testing.T) {
		canceled, cancel := context.WithCancel(t.Context())
		cancel()
		_, body, err := s.OpenMedia(canceled, service, long)
		requireKind(t, migrate.Interrupted, err)
		require.ErrorIs(t, err, context.Canceled)
		require.Nil(t, body)
	})
	t.Run("a file whose context is canceled while it is read does not end as if it were whole", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		_, body, err := s.OpenMedia(ctx, service, long)
		require.NoError(t, err)
		defer body.Close()
		_, err = io.ReadFull(body, make([]byte, 9))
		require.NoError(t, err)
		cancel()
		n, err := io.Copy(io.Discard, body)
		requireKind(t, migrate.Interrupted, err)
		require.Less(t, n+9, int64(len(content)))
	})
	t.Run("a file that is not as long as it says ends with an error", func(t *testing.T) {
		_, body, err := suite.BrokenMedia(t, w).OpenMedia(t.Context(), service, long)
		if err != nil { // it may be known before the first byte
			requireKind(t, migrate.KindOf(err), err)
			return
		}
		defer body.Close()
		_, err = io.Copy(io.Discard, body)
		requireKind(t, migrate.KindOf(err), err)
		require.NotErrorIs(t, err, io.EOF)
	})
}
