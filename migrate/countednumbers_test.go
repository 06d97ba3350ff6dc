package migrate

import (
	"fmt"
	"math"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// Numbers of any size are kept as they are, also if they outgrow 32 bits and come back.
func TestCountedChannelsKeepAnyNumber(t *testing.T) {
	var all countedChannels
	sid := fmt.Sprintf("CH%032x", 1)
	_, known := all.value(sid)
	require.False(t, known)
	big := []int64{math.MaxInt32 + 1, math.MinInt32 - 1, math.MaxInt64, math.MinInt64}
	for _, n := range append([]int64{0, All, math.MaxInt32, math.MinInt32}, append(big, 7)...) {
		for field := range 5 {
			one := countedChannel{members: 1, messages: 2, horizon: 3, newest: 4, shown: 5, countedSteps: countedSteps{ended: true, joined: true}}
			*[]*int64{&one.members, &one.messages, &one.horizon, &one.newest, &one.shown}[field] = n
			all.set(sid, one)
			got, known := all.value(sid)
			require.True(t, known)
			require.Equal(t, one, got)
			require.Equal(t, 1, all.small.Len()+all.large.Len())
		}
	}
	require.LessOrEqual(t, unsafe.Sizeof(smallChannel{}), unsafe.Sizeof(countedChannel{})*2/3)
}
