package ledgertest

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
)

func testMessages(t *testing.T, create New) {
	channel := sid("CH", 1)

	t.Run("messages come in order, across gaps and pages, after an index", func(t *testing.T) {
		l := fresh(t, create)
		var want []migrate.MessageRecord
		for n := range int64(1302) {
			want = append(want, message(3*n, -2*n))
		}
		for i := len(want) - 1; i >= 0; i-- {
			require.NoError(t, l.PutMessage(t.Context(), channel, want[i]))
		}
		require.NoError(t, l.PutMessage(t.Context(), sid("CH", 2), message(1, 0)))

		require.Equal(t, want, collect(t, l.Messages(t.Context(), channel, math.MinInt64)))
		require.Equal(t, want, collect(t, l.Messages(t.Context(), channel, -1)))
		require.Equal(t, want[1:], collect(t, l.Messages(t.Context(), channel, 0)))
		require.Equal(t, want[500:], collect(t, l.Messages(t.Context(), channel, 1498)))
		require.Empty(t, collect(t, l.Messages(t.Context(), channel, 3*1301)))
		require.Empty(t, collect(t, l.Messages(t.Context(), sid("CH", 3), -1)))
	})

	t.Run("a message put again replaces the one before", func(t *testing.T) {
		l := fresh(t, create)
		require.NoError(t, l.PutMessage(t.Context(), channel, message(4, 0)))
		require.NoError(t, l.PutMessage(t.Context(), channel, message(4, 3)))
		require.Equal(t, []migrate.MessageRecord{message(4, 3)}, collect(t, l.Messages(t.Context(), channel, -1)))
	})

	t.Run("SIDs of any shape come back as they were", func(t *testing.T) {
		l := fresh(t, create)
		for i, s := range []string{
			"", "IM", "im", sid("IM", 1)[:33], sid("IM", 1) + "0", sid("im", 1), sid("XX", 1), "IM0123456789ABCDEF0123456789ABCDEF",
			"IM0123456789abcdef0123456789abcdeg", "\x00\xff not text", "0123456789abcdef",
		} {
			r := migrate.MessageRecord{SourceIndex: int64(i), SourceSID: s, TargetSID: s}
			require.NoError(t, l.PutMessage(t.Context(), "channel "+s, r))
			require.Equal(t, []migrate.MessageRecord{r}, collect(t, l.Messages(t.Context(), "channel "+s, -1)))
		}
	})

	t.Run("the newest and the one at or below an index are found", func(t *testing.T) {
		l := fresh(t, create)
		_, ok, err := l.Newest(t.Context(), channel)
		require.NoError(t, err)
		require.False(t, ok)
		for _, index := range []int64{5, 7, 20, 0} {
			require.NoError(t, l.PutMessage(t.Context(), channel, message(index, 1)))
		}
		require.NoError(t, l.PutMessage(t.Context(), sid("CH", 2), message(6, 1)))
		newest, ok, err := l.Newest(t.Context(), channel)
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, message(20, 1), newest)
		for index, want := range map[int64]int64{0: 0, 4: 0, 5: 5, 6: 5, 7: 7, 19: 7, 20: 20, 21: 20, math.MaxInt64: 20} {
			got, ok, err := l.AtOrBelow(t.Context(), channel, index)
			require.NoError(t, err)
			require.True(t, ok, index)
			require.Equal(t, message(want, 1), got, index)
		}
		for _, index := range []int64{-1, math.MinInt64} {
			_, ok, err := l.AtOrBelow(t.Context(), channel, index)
			require.NoError(t, err)
			require.False(t, ok, index)
		}
	})

	t.Run("the messages of a channel are counted, and those of one that is not there are none", func(t *testing.T) {
		l := fresh(t, create)
		for n := range int64(1234) {
			require.NoError(t, l.PutMessage(t.Context(), channel, message(n, 0)))
		}
		for sid, want := range map[string]int64{channel: 1234, sid("CH", 2): 0} {
			got, err := l.CountMessages(t.Context(), sid)
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
	})

	t.Run("forgetting leaves what is not above the index, and other channels", func(t *testing.T) {
		l := fresh(t, create)
		for _, index := range []int64{0, 3, 4, 9} {
			require.NoError(t, l.PutMessage(t.Context(), channel, message(index, 0)))
			require.NoError(t, l.PutMessage(t.Context(), sid("CH", 2), message(index, 0)))
		}
		require.NoError(t, l.ForgetMessages(t.Context(), channel, 3))
		require.Equal(t, []migrate.MessageRecord{message(0, 0), message(3, 0)}, collect(t, l.Messages(t.Context(), channel, -1)))
		require.Len(t, collect(t, l.Messages(t.Context(), sid("CH", 2), -1)), 4)
		require.NoError(t, l.ForgetMessages(t.Context(), channel, -1))
		require.Empty(t, collect(t, l.Messages(t.Context(), channel, -1)))
		require.NoError(t, l.ForgetMessages(t.Context(), sid("CH", 3), -1))
	})

	t.Run("a loop may put, and end early", func(t *testing.T) {
		l := fresh(t, create)
		require.NoError(t, l.PutMessage(t.Context(), channel, message(0, 0)))
		for m, err := range l.Messages(t.Context(), channel, -1) {
			require.NoError(t, err)
			require.NoError(t, l.PutMessage(t.Context(), sid("CH", 2), m))
			require.NoError(t, l.Sync(t.Context()))
			break
		}
		require.Equal(t, []migrate.MessageRecord{message(0, 0)}, collect(t, l.Messages(t.Context(), sid("CH", 2), -1)))
	})
}
