package drain_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/internal/drain"
)

func TestUnanswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var u drain.Unanswered
		require.Zero(t, u.Last())
		before := time.Now().Add(-time.Minute)
		u.Since(before)
		require.Equal(t, before, u.Last())
		time.Sleep(time.Second)
		u.Now()
		require.Equal(t, time.Now(), u.Last())
		u.Since(before)
		require.Equal(t, time.Now(), u.Last(), "the last one counts")
	})
}
