package audit_test

import (
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/audit"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
)

func TestAudit(t *testing.T) {
	t.Run("sends nothing but GET", func(t *testing.T) {
		r := rig.NewRig(t, emulator.Config{Archive: rig.Workspace(t, "edge-cases")})
		r.Audit(t, nil)
		require.Zero(t, r.Emulator.Stats().Chat.Writes)
		require.Zero(t, r.Emulator.Stats().Conversations.Writes+r.Emulator.Stats().Conversations.Reads)
	})

	t.Run("says for each channel which way it needs, and why", func(t *testing.T) {
		s := rig.ManyChannels(3)
		s.Channels[1].Public = true
		r := rig.NewRig(t, emulator.Config{Archive: s.Archive()})
		ways := map[string]audit.Route{}
		got := r.Audit(t, func(row audit.ChannelRow) {
			require.NotEmpty(t, row.Reason)
			ways[row.SID] = row.Route
		})
		require.Equal(t, map[string]audit.Route{rig.SidOf("CH", 0): audit.Visible, rig.SidOf("CH", 1): audit.Promote, rig.SidOf("CH", 2): audit.Visible}, ways)
		require.Len(t, got.Plan, 3)
		require.Equal(t, audit.PlanRoute{Route: audit.Visible, Reason: got.Plan[0].Reason, Channels: 2, Messages: 8}, got.Plan[0])
		require.EqualValues(t, 1, got.Plan[1].Writes)
		require.Equal(t, audit.Replay, got.Plan[2].Route)
	})

	t.Run("says that everything is copied where the sides are two accounts", func(t *testing.T) {
		r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(2).Archive()})
		r.Settings.CopyAlways = "the target is another account"
		got := r.Audit(t, nil)
		require.Len(t, got.Plan, 1)
		require.Equal(t, audit.Replay, got.Plan[0].Route)
		require.Equal(t, r.Settings.CopyAlways, got.Plan[0].Reason)
	})
}

func TestLargeChannels(t *testing.T) {
	t.Run("raise the limit of a new service before they need it", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := rig.ChannelPlan{Messages: []rig.MsgPlan{{Body: "hello"}}}
			for u := range 130 {
				c.Members, c.Read = append(c.Members, u), append(c.Read, -1)
			}
			r := rig.NewRig(t, emulator.Config{Archive: rig.Scenario{Users: 130, Channels: []rig.ChannelPlan{c}}.Archive()})
			s, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status, fmt.Sprint(s.Failures))
			require.EqualValues(t, 130, s.Counts[migrate.KindMembers].Written)
			require.Zero(t, r.Emulator.Stats().RefusedSourceWrites)
		})
	})
}
