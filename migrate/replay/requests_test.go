package replay_test

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
)

// What is asked about whose messages are whose costs a clean run, and a pass
// without news, nothing. Each channel has four messages, two members, one horizon
// and the dates of its conversation.
func TestRequestsOfAChannel(t *testing.T) {
	counts := func(channels int) (first, quiet migrate.Traffic) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(channels).Archive()})
			first = pass(t, r, migrate.Complete).Requests
			quiet = pass(t, r, migrate.Complete).Requests
		})
		return first, quiet
	}
	few, fewQuiet := counts(2)
	many, manyQuiet := counts(12)
	require.EqualValues(t, 10*9, many.Writes-few.Writes)
	require.EqualValues(t, 10*9, many.Reads-few.Reads)
	require.EqualValues(t, 10*3, manyQuiet.Reads-fewQuiet.Reads)
	require.Equal(t, fewQuiet.Writes, manyQuiet.Writes)
}
