package mapping_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/mapping/chat"
)

func TestDetailsAreShort(t *testing.T) {
	long := strings.Repeat("x", 70_000)
	_, found := mapping.Mapper{}.Channel(chat.Channel{SID: "CH1", Type: long, CreatedBy: long, UniqueName: long})
	require.NotEmpty(t, found)
	for _, f := range found {
		require.Less(t, len(f.Detail), 300, f.Code)
	}
	_, found = mapping.Mapper{}.NameTaken(chat.Channel{SID: "CH1", UniqueName: long})
	require.Less(t, len(found[0].Detail), 300)
}
