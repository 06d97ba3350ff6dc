package replay

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate/internal/heap"
)

// marksOf is a conversation with a stamp and both names, read with texts of its own.
func marksOf(i int) conversations.Conversation {
	return conversations.Conversation{
		SID: fmt.Sprintf("CH%032x", i), FriendlyName: fmt.Sprint("Room ", i), UniqueName: fmt.Sprint("room-", i), DateCreated: time.Unix(int64(i), 0),
		Attributes: fmt.Sprintf(`{"chatbridge": {"sid": "CH%032x", "service_sid": "IS%032x"}, "topic": %q}`, 1<<20+i, 1, strings.Repeat("x", 200)),
	}
}

// A conversation of the target is found by any of its marks, and the index of a large
// service holds none of its texts.
func TestMemoryOfMarkIndex(t *testing.T) {
	if !heap.Alone(t) {
		return
	}
	const n = 20_000
	var x markIndex
	require.Empty(t, x.marked(marksOf(1)))
	bytes := heap.Growth(func() {
		for i := range n {
			x.add(marksOf(i))
		}
	}) / n
	t.Logf("%d bytes for each conversation", bytes)
	require.Less(t, bytes, int64(200))
	for _, i := range []int{0, 7, n - 1} {
		c := marksOf(i)
		require.Equal(t, []string{c.SID}, x.marked(c))
		stamp, names := c, c
		stamp.DateCreated, names.Attributes = time.Time{}, "{}"
		require.Equal(t, []string{c.SID}, x.marked(stamp))
		require.Equal(t, []string{c.SID}, x.marked(names))
		x.add(c) // as a list that is read again shows it
		require.Equal(t, []string{c.SID}, x.marked(c))
		twin := c
		twin.SID = fmt.Sprintf("CH%032x", n+i)
		x.add(twin)
		require.Equal(t, []string{c.SID, twin.SID}, x.marked(c))
	}
	require.Empty(t, x.marked(marksOf(n)))
	runtime.KeepAlive(x)
}
