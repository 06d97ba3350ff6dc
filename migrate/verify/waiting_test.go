package verify

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWaiting(t *testing.T) {
	one := func(n int) placed { return placed{digest: digest{sid: fmt.Sprint("IM", n), index: int64(n)}} }
	var w waiting
	for n := range windowMost {
		_, full := w.put(one(n))
		require.False(t, full)
	}
	late, full := w.put(one(windowMost))
	require.True(t, full, "no more than that many are held")
	require.Equal(t, "IM0", late.sid, "who waited longest leaves")
	_, there := w.take("IM0")
	require.False(t, there)
	w.take("IM1")
	longest := 0
	for n := range 3 * windowMost { // others come and go beside those that stay
		w.put(one(10*windowMost + n))
		w.take(fmt.Sprint("IM", 10*windowMost+n))
		longest = max(longest, len(w.line))
	}
	require.LessOrEqual(t, longest, 2*windowMost+1)
	next := 2
	require.NoError(t, w.each(func(p placed) error {
		require.EqualValues(t, next, p.index)
		next++
		return nil
	}))
	require.Empty(t, w.held)
}
