package replay_test

import (
	"context"
	"encoding/json"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/replay"
)

func TestLongestFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := rig.ManyChannels(4)
		s.Channels[1].Messages = append(s.Channels[1].Messages, rig.MsgPlan{Body: "five"})
		s.Channels[2].Members, s.Channels[2].Read = []int{0}, []int{-1}
		s.Channels[3].Members, s.Channels[3].Read = []int{0, 1, 2}, []int{-1, -1, -1}
		s.Channels[3].Messages = append(s.Channels[3].Messages, rig.MsgPlan{Body: "five"})
		r := rig.NewRig(t, emulator.Config{Archive: s.Archive()})
		r.Settings.Concurrency = 1
		var order []string
		_, err := (&calls{}).run(t.Context(), t, r, func(m *replay.Migration) {
			m.Source = &contexts{Source: m.Source, given: map[string]context.Context{}, begun: func(channel string) {
				if !slices.Contains(order, channel) {
					order = append(order, channel)
				}
			}}
		})
		require.NoError(t, err)
		require.Equal(t, []string{rig.SidOf("CH", 3), rig.SidOf("CH", 1), rig.SidOf("CH", 0), rig.SidOf("CH", 2)}, order)
	})
}

func TestTakeAChannelAtATimeOrMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(6).Archive(), Latency: 300 * time.Millisecond})
		r.Settings.Concurrency = 3
		noted := &notedLedger{}
		_, err := (&calls{}).run(t.Context(), t, r, func(m *replay.Migration) {
			noted.Ledger, m.Ledger = m.Ledger, noted
		})
		require.NoError(t, err)
		most := 0
		for _, one := range noted.put[1:] {
			var p replay.Progress
			require.NoError(t, json.Unmarshal(one.Progress, &p))
			most = max(most, p.Lanes)
		}
		require.Equal(t, 3, most)
	})
}
