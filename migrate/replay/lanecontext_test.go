package replay_test

import (
	"context"
	"iter"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/chat"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/pace"
	"chatbridge/migrate/replay"
)

// contexts keeps the context that the members of each channel are read with. It
// hangs at one channel until that ends, and then says no more than that it did.
type contexts struct {
	migrate.Source
	hangAt string
	begun  func(channel string)

	mu    sync.Mutex
	given map[string]context.Context
}

func (c *contexts) Members(ctx context.Context, service, channel string) iter.Seq2[chat.Member, error] {
	c.mu.Lock()
	if c.begun != nil {
		c.begun(channel)
	}
	c.given[channel] = ctx
	c.mu.Unlock()
	if channel != c.hangAt {
		return c.Source.Members(ctx, service, channel)
	}
	return func(yield func(chat.Member, error) bool) {
		<-ctx.Done()
		yield(chat.Member{}, &migrate.Error{Op: "read members", Kind: migrate.Unavailable, Err: ctx.Err()})
	}
}

func TestLaneContext(t *testing.T) {
	t.Run("of a lane that stands still ends, and the failure says that it stood still", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(1).Archive()})
			var src *contexts
			s, err := (&calls{}).run(t.Context(), t, r, func(m *replay.Migration) {
				src = &contexts{Source: m.Source, hangAt: rig.SidOf("CH", 0), given: map[string]context.Context{}}
				m.Source = src
			})
			require.NoError(t, err, "nothing is wrong with the service")
			require.Equal(t, migrate.Partial, s.Status)
			require.Equal(t, "migrate channel "+rig.SidOf("CH", 0)+": no progress for 2m0s", s.Failures[0].Reason)
			require.Contains(t, s.Failures[0].Hint, "--watchdog")
		})
	})

	t.Run("of a lane that ended has ended while the run goes on", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(2).Archive()})
			r.Settings.Concurrency = 1
			looked := false
			_, err := (&calls{}).run(t.Context(), t, r, func(m *replay.Migration) {
				src := &contexts{Source: m.Source, given: map[string]context.Context{}}
				src.begun = func(channel string) {
					if channel == rig.SidOf("CH", 1) {
						looked = true
						require.Error(t, src.given[rig.SidOf("CH", 0)].Err())
					}
				}
				m.Source = src
			})
			require.NoError(t, err)
			require.True(t, looked)
		})
	})
}

func TestLaneTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(2).Archive()})
		r.Settings.Concurrency = 1
		c := &calls{before: func(one call) error {
			switch one.name {
			case "target AppendConversation":
				time.Sleep(1 * time.Second)
			case "target AppendMessage":
				time.Sleep(2 * time.Second)
			case "target Messages":
				time.Sleep(5 * time.Second)
			case "target SetConversation":
				time.Sleep(100 * time.Second)
				if one.nth == 1 {
					return refused("set conversation")
				}
			}
			return nil
		}}
		s, err := c.run(t.Context(), t, r)
		require.NoError(t, err)
		require.Equal(t, []pace.StageTime{
			{Stage: "open", Seconds: 2}, {Stage: "copied", Seconds: 16}, {Stage: "checked", Seconds: 10}, {Stage: "done", Seconds: 100}, {Stage: "stopped", Seconds: 100},
		}, s.LaneTimes.Stages)
		require.Equal(t, []pace.LaneTime{
			{SourceSID: rig.SidOf("CH", 0), FriendlyName: "Channel 0", Messages: 4, Seconds: 114},
			{SourceSID: rig.SidOf("CH", 1), FriendlyName: "Channel 1", Messages: 4, Seconds: 114},
		}, s.LaneTimes.Longest)
	})
}
