package replay_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
)

// What people write makes a conversation one that is not ours alone, and a later
// run compares more than its end.
func TestWhoElseWritesIsNoted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _ := between(t, emulator.Config{Archive: oneChannel(four...).Archive()})
		pass(t, r, migrate.Complete)
		require.True(t, channelOf(t, r, 0).Alone)
		_, err := r.Emulator.PostAs(only(t, r).Conversation, rig.IdentityOf(1), "hello")
		require.NoError(t, err)
		time.Sleep(time.Hour)
		_, err = r.Emulator.AppendToChannel(rig.SidOf("CH", 0), rig.IdentityOf(0), "five")
		require.NoError(t, err)
		pass(t, r, migrate.Complete)
		require.False(t, channelOf(t, r, 0).Alone)
	})
}
