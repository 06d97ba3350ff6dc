package replay

import (
	"context"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/chat"
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

func beyond(t *testing.T, f *feed, most int) []int64 {
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
			require.Equal(t, rest(at), beyond(t, f, int(n)+1), n)
		}
		if at < n {
			require.Equal(t, []int64{at}, beyond(t, f, 1))
		}
		require.Equal(t, rest(at), carried(t, f, int(n)+1), n)
		require.Empty(t, beyond(t, f, int(n)+1))
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

// What a feed cannot hold is read again once, from where it goes on, and every reading
// ends.
func TestFeedGoesOnFromWhatItHeld(t *testing.T) {
	const n = feedKept + 7
	for _, most := range []int{feedKept + 2, n + 1} {
		s := &sides{n: n}
		l := laneOf(s)
		f := l.feed(context.Background(), l.inSource(context.Background()), migrate.All)
		require.Len(t, beyond(t, f, most), min(most, n))
		require.Len(t, carried(t, f, n+1), n)
		require.Equal(t, 2, s.reads)
		f.close()
		require.Zero(t, s.open)

		s = &sides{n: n}
		l = laneOf(s)
		f = l.feed(context.Background(), l.inSource(context.Background()), migrate.All)
		for range 2 {
			require.Len(t, beyond(t, f, most), min(most, n))
		}
		f.close()
		require.Zero(t, s.open)
	}
}

// barely is a source whose messages have no date from an index on.
type barely struct {
	someSource
	from int64
}

func (b barely) Messages(ctx context.Context, service, channel string, span migrate.Span) iter.Seq2[chat.Message, error] {
	return func(yield func(chat.Message, error) bool) {
		for m, err := range b.someSource.Messages(ctx, service, channel, span) {
			if m.Index >= b.from {
				m.DateCreated.Time = time.Time{}
			}
			if !yield(m, err) {
				return
			}
		}
	}
}

// A message without a date has that of the one before it, which is looked for once, and
// not at all where the feed begins with the channel.
func TestFeedOfMessagesWithoutDates(t *testing.T) {
	made, said := time.Unix(2e9, 0).UTC(), time.Unix(1e9, 0).UTC()
	for name, c := range map[string]struct {
		from, after int64
		want        time.Time
		reads       int
	}{
		"from the first on":            {0, migrate.All, made, 1},
		"from the second on":           {1, 0, said, 2},
		"and what follows the second":  {1, 1, said, 2},
		"of which the first were read": {0, 0, made, 2},
	} {
		s := &sides{n: 6}
		l := laneOf(s)
		l.Source = barely{someSource{sides: s}, c.from}
		l.Channel.DateCreated.Time = made
		f := l.feed(context.Background(), l.inSource(context.Background()), c.after)
		for i := c.after + 1; i < 6; i++ {
			m, err := f.peek()
			require.NoError(t, err)
			require.Equal(t, i, m.source.Index, name)
			require.Equal(t, c.want, m.want.DateCreated.UTC(), name)
			f.take()
		}
		require.Equal(t, c.reads, s.reads, name)
		f.close()
	}
}

func TestInMemory(t *testing.T) {
	all := []chat.Message{{Index: 3}, {Index: 4}, {Index: 7}}
	for after, want := range map[int64][]int64{migrate.All: {3, 4, 7}, 3: {4, 7}, 5: {7}, 7: nil} {
		got, err := collect(inMemory(all)(after), 9, func(m chat.Message) int64 { return m.Index })
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	got, err := collect(inMemory(all)(migrate.All), 1, func(m chat.Message) int64 { return m.Index })
	require.NoError(t, err)
	require.Equal(t, []int64{3}, got)
}

// A feed that is read ahead holds so many bytes of long messages at most, and then none
// behind them.
func TestFeedHoldsFewLongMessages(t *testing.T) {
	const n, length, fit = 300, 32 << 10, feedBytes / (32 << 10)
	long := func(after int64) iter.Seq2[chat.Message, error] {
		return func(yield func(chat.Message, error) bool) {
			for i := after + 1; i < n; i++ {
				size := length
				if i > fit && i%2 == 0 {
					size = 1 // fits, and would leave out the one before it
				}
				if !yield(chat.Message{SID: "IM", Index: i, Attributes: new(string), Body: strings.Repeat("x", size)}, nil) {
					return
				}
			}
		}
	}
	f := laneOf(&sides{}).feed(t.Context(), long, migrate.All)
	defer f.close()
	for range 2 {
		require.Len(t, beyond(t, f, n+1), n)
		require.LessOrEqual(t, f.bytes, feedBytes+length)
		require.LessOrEqual(t, len(f.kept), fit+1)
	}
	for i, index := range carried(t, f, n+1) {
		require.EqualValues(t, i, index)
	}
	require.Zero(t, f.bytes)
}
