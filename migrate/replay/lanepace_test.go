package replay_test

import (
	"encoding/json"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/replay"
)

// How far a lane is counts its members, its messages, those that a policy leaves out,
// and what an earlier run brought over.
func TestHowFarALaneIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rig.NewRig(t, emulator.Config{Archive: oneChannel("one", "", "two", "three").Archive()})
		r.Settings.Mapper.Policy = mapping.Policy{mapping.BodyEmpty: "skip"}
		refuse := true
		run := func() (done []int64) {
			noted := &notedLedger{}
			c := &calls{before: func(one call) error {
				if one.name != "target AppendMessage" {
					return nil
				}
				time.Sleep(migrate.HeartbeatEvery + time.Millisecond)
				var p replay.Progress
				require.NoError(t, json.Unmarshal(noted.last().Progress, &p))
				require.Len(t, p.AtWork, 1)
				done = append(done, p.AtWork[0].Done)
				if refuse && one.nth == 3 {
					return refused("append message")
				}
				return nil
			}}
			_, err := c.run(t.Context(), t, r, func(m *replay.Migration) { noted.Ledger, m.Ledger = m.Ledger, noted })
			require.NoError(t, err)
			return done
		}
		require.Equal(t, []int64{2, 4, 5}, run())
		refuse = false
		require.Equal(t, []int64{4}, run())
		require.Equal(t, []string{"one", "two", "three"}, bodies(t, r))
	})
}
