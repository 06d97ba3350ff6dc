package replay

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
)

// carried takes so many messages from the head of a feed, and says which they are.
func carried(t *testing.T, f *feed, most int) []int64 {
	t.Helper()
	got := []int64{}
	for len(got) < most {
		m, err := f.peek()
		require.NoError(t, err)
		if m == nil {
			break
		}
		got = append(got, m.source.Index)
		f.take()
	}
	return got
}

func ahead(t *testing.T, f *feed, most int) []int64 {
	t.Helper()
	got, err := collect(f.wants(), most, func(w wanted) int64 { return w.Index })
	require.NoError(t, err)
	return append([]int64{}, got...)
}

// A feed can be read to its end at any time, and goes on from where it was; what it
// cannot hold is read again.
func TestFeedIsReadAheadAndGoesOn(t *testing.T) {
	for _, n := range []int64{0, 1, 5, feedKept - 1, feedKept, feedKept + 1, feedKept + 7} {
		s := &sides{n: n}
		l := laneOf(s)
		f := l.feed(context.Background(), l.inSource(context.Background()), migrate.All)
		rest := func(from int64) []int64 {
			all := []int64{}
			for i := from; i < n; i++ {
				all = append(all, i)
			}
			return all
		}
		at := min(3, n)
		require.Equal(t, rest(0)[:at], carried(t, f, int(at)))
		for range 2 {
			require.Equal(t, rest(at), ahead(t, f, int(n)+1), n)
		}
		if at < n {
			require.Equal(t, []int64{at}, ahead(t, f, 1))
		}
		require.Equal(t, rest(at), carried(t, f, int(n)+1), n)
		require.Empty(t, ahead(t, f, int(n)+1))
		f.close()
		require.Zero(t, s.open)
		if n <= feedKept {
			require.Equal(t, 1, s.reads, "%d messages are held", n)
		} else {
			require.LessOrEqual(t, s.reads, 5, "%d messages: once for each reading, and once to go on", n)
		}
	}
}

// A source that breaks breaks the feed, whether it is read ahead or taken from.
func TestFeedThatBreaks(t *testing.T) {
	for _, n := range []int64{0, 1, 5, feedKept, feedKept + 1} {
		l := laneOf(&sides{n: n, broke: errBroke})
		f := l.feed(context.Background(), l.inSource(context.Background()), migrate.All)
		_, err := collect(f.wants(), int(n)+1, func(w wanted) int64 { return w.Index })
		require.ErrorIs(t, err, errBroke, n)
		f.close()

		f = l.feed(context.Background(), l.inSource(context.Background()), migrate.All)
		require.Len(t, carried(t, f, int(n)), int(n))
		_, err = f.peek()
		require.ErrorIs(t, err, errBroke, n)
		f.close()
	}
}
