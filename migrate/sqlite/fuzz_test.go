package sqlite

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// FuzzSID holds the stored form of SIDs to a round trip, whatever they look
// like: what is not shaped like a SID must come back as it was as well.
func FuzzSID(f *testing.F) {
	seeded(f, "FuzzSID")
	f.Fuzz(func(t *testing.T, sid string) {
		for _, prefix := range []string{"", servicePrefix, channelPrefix, messagePrefix} {
			got := "something else"
			stored := packSID(prefix, sid)
			require.NoError(t, packedSID{prefix, &got}.Scan(stored))
			require.Equal(t, sid, got)
			if b, ok := stored.([]byte); ok {
				require.Len(t, b, 16)
			}
		}
	})
}

// FuzzTime holds the stored form of times to a round trip, or to a refusal.
func FuzzTime(f *testing.F) {
	seeded(f, "FuzzTime")
	f.Fuzz(func(t *testing.T, seconds, nanoseconds int64) {
		at := time.Unix(seconds, nanoseconds).UTC()
		stored, err := packTime(at)
		if err != nil {
			return
		}
		var got time.Time
		require.NoError(t, packedTime{&got}.Scan(stored))
		require.True(t, at.Equal(got), "%s became %s", at, got)
	})
}

func seeded(f *testing.F, name string) {
	f.Helper()
	seeds, err := filepath.Glob(filepath.Join("testdata", "fuzz", name, "*"))
	require.NoError(f, err)
	require.NotEmpty(f, seeds, "the seed corpus is gone")
}
