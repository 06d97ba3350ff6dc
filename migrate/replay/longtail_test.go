package replay_test

import (
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/sqlite"
)

// A feed keeps a thousand messages that were read ahead. What comes behind them is
// read again.
func TestLongTailThatIsThere(t *testing.T) {
	const n = 2500
	plan := func(more int) rig.Scenario {
		s := rig.Scenario{Users: 2, Channels: []rig.ChannelPlan{{}}}
		for i := range n + more {
			s.Channels[0].Messages = append(s.Channels[0].Messages, rig.MsgPlan{Author: i % 2, Body: fmt.Sprint("message ", i%50), Same: i%3 == 1})
		}
		return s
	}
	synctest.Test(t, func(t *testing.T) {
		r := rig.NewRig(t, emulator.Config{})
		s := r.PassFrom(t, plan(0).Archive())
		require.EqualValues(t, n, s.Counts[migrate.KindMessages].Written)

		r.Ledger += ".new"
		s = r.PassFrom(t, plan(5).Archive())
		require.EqualValues(t, n, s.Counts[migrate.KindMessages].Existing)
		require.EqualValues(t, 5, s.Counts[migrate.KindMessages].Written)

		// Half of the ledger is lost, so that more is there than a feed keeps.
		forget(t, r, 1200)
		s = r.PassFrom(t, plan(10).Archive())
		require.EqualValues(t, n+5, s.Counts[migrate.KindMessages].Existing)
		require.EqualValues(t, 5, s.Counts[migrate.KindMessages].Written)
		require.Zero(t, times(s, mapping.MessageDeleted))
		require.Less(t, s.Requests.Reads, int64(100), "the tail twice, and the whole for the read-back")

		r.Ledger += ".renamed"
		r.Settings.Mapper.Rename = map[string]string{rig.IdentityOf(0): "renamed"}
		r.Settings.Mapper.Policy = mapping.Policy{mapping.StoredOtherwise: "keep"}
		s = r.PassFrom(t, plan(15).Archive())
		require.EqualValues(t, n+10, s.Counts[migrate.KindMessages].Existing)
		require.EqualValues(t, 5, s.Counts[migrate.KindMessages].Written)
		require.Len(t, bodies(t, r), n+15)
	})
}

// forget leaves the ledger as a crash does that takes what came after an index.
func forget(t *testing.T, r *rig.Rig, after int64) {
	t.Helper()
	l, err := sqlite.Open(t.Context(), r.Ledger)
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	rec, _, err := l.Channel(t.Context(), rig.SidOf("CH", 0))
	require.NoError(t, err)
	rec.Stage, rec.Writing = migrate.Open, true
	require.NoError(t, l.PutChannel(t.Context(), rec))
	require.NoError(t, l.ForgetMessages(t.Context(), rec.SourceSID, after))
}
