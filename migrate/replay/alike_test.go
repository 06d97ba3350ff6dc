package replay_test

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/emulator/faults"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/replay"
	"chatbridge/migrate/sqlite"
	"chatbridge/migrate/transport"
)

// alikeChannels is a source of n channels that differ in their SIDs alone. A
// conversation that bears no stamp does not tell which of them it came from.
func alikeChannels(t *testing.T, n int) fs.FS {
	s := rig.ManyChannels(n)
	for i := range s.Channels {
		s.Channels[i].Messages = nil
		s.Channels[i].Read = []int{-1, -1}
	}
	return rig.WithFile(t, s.Archive(), "services/"+rig.ScenarioService+"/channels.jsonl", func(lines string) string {
		for i := range n {
			at := rig.ScenarioStart.Add(time.Duration(i) * time.Hour)
			lines = strings.NewReplacer(
				`"friendly_name":"Channel `+string(rune('0'+i))+`"`, `"friendly_name":"Channel"`,
				at.Format(time.RFC3339), rig.ScenarioStart.Format(time.RFC3339),
				at.Add(48*time.Hour).Format(time.RFC3339), rig.ScenarioStart.Format(time.RFC3339),
			).Replace(lines)
		}
		return lines
	})
}

// slowTarget answers a create long after it took effect, and one of them never,
// without effect.
type slowTarget struct {
	migrate.Target
	creates atomic.Int64
}

func (s *slowTarget) AppendConversation(ctx context.Context, service string, c conversations.Conversation) (conversations.Conversation, error) {
	if s.creates.Add(1) == 2 {
		return conversations.Conversation{}, &migrate.Error{Op: "create conversation", Kind: migrate.InDoubt, Err: errors.New("no answer")}
	}
	made, err := s.Target.AppendConversation(ctx, service, c)
	time.Sleep(40 * time.Second)
	return made, err
}

func TestAlikeChannels(t *testing.T) {
	const n = 4
	apart := func(t *testing.T, r *rig.Rig, s replay.Summary) {
		t.Helper()
		require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
		l, err := sqlite.OpenReader(t.Context(), r.Ledger)
		require.NoError(t, err)
		defer func() { require.NoError(t, l.Close()) }()
		targets := map[string]bool{}
		for c, err := range l.Channels(t.Context(), rig.ScenarioService) {
			require.NoError(t, err)
			targets[c.TargetSID] = true
		}
		require.Len(t, targets, n, "two channels share a conversation")
		there := 0
		for _, err := range r.Target(&transport.Counter{}).Conversations(t.Context(), s.Services[0].TargetSID) {
			require.NoError(t, err)
			there++
		}
		require.Equal(t, n, there)
	}

	t.Run("get a conversation each when no create is answered", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			plan, err := faults.Parse("nth(conversations POST conversations,1)=after.reset,nth(conversations POST conversations,2)=after.reset," +
				"nth(conversations POST conversations,3)=after.reset,nth(conversations POST conversations,4)=after.reset")
			require.NoError(t, err)
			r := rig.NewRig(t, emulator.Config{Archive: alikeChannels(t, n), Intercept: plan.Intercept, Latency: 100 * time.Millisecond})
			r.Settings.Mapper.NoStamp = true
			s, err := r.Migrate(t.Context())
			require.NoError(t, err)
			plan.Close()
			apart(t, r, s)
		})
	})

	t.Run("do not take what another has created and does not know of yet, and wait for each other longer than the watchdog", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Archive: alikeChannels(t, n)})
			r.Settings.Mapper.NoStamp = true
			r.Settings.Watchdog = 55 * time.Second // a lane alone takes 50: its create, and the settle time
			l, err := sqlite.Open(t.Context(), r.Ledger)
			require.NoError(t, err)
			counter := &transport.Counter{}
			m := replay.Migration{
				Source: r.Source(counter), Target: &slowTarget{Target: r.Target(counter)}, Ledger: l, Observer: r.Events, Settings: r.Settings,
			}
			s, err := m.Run(t.Context())
			require.NoError(t, err)
			require.NoError(t, l.Close())
			apart(t, r, s)
		})
	})

	t.Run("adopt one each when the ledger was lost", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Archive: alikeChannels(t, n)})
			r.Settings.Mapper.NoStamp = true
			s, err := r.Migrate(t.Context())
			require.NoError(t, err)
			r.Settings.ToService = s.Services[0].TargetSID
			r.Ledger += ".new"
			s, err = r.Migrate(t.Context())
			require.NoError(t, err)
			apart(t, r, s)
		})
	})
}

// Channels that cannot be taken for each other are opened at the same time.
func TestChannelsThatAreNotAlike(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(2).Archive()})
		r.Settings.Concurrency = 2
		second := make(chan struct{})
		c := &calls{before: func(one call) error {
			switch one {
			case call{"target AppendConversation", 1}:
				select {
				case <-second:
				case <-time.After(time.Minute):
					t.Error("the second waits for the first")
				}
			case call{"target AppendConversation", 2}:
				close(second)
			}
			return nil
		}}
		s, err := c.run(t.Context(), t, r)
		require.NoError(t, err)
		require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
	})
}

// Channels that differ in what a target may trim take turns: one waits until the other
// is known to have its conversation.
func TestChannelsThatAreAlikeWhenTrimmed(t *testing.T) {
	for _, field := range []string{"friendly_name", "attributes"} {
		synctest.Test(t, func(t *testing.T) {
			in := rig.WithFile(t, alikeChannels(t, 2), "services/"+rig.ScenarioService+"/channels.jsonl", func(lines string) string {
				first, second, _ := strings.Cut(lines, "\n")
				if field == "attributes" {
					second = strings.Replace(second, `\"big\":`, `\"big\": `, 1)
				} else {
					second = strings.Replace(second, `"Channel"`, `"Channel "`, 1)
				}
				return first + "\n" + second
			})
			r := rig.NewRig(t, emulator.Config{Archive: in})
			r.Settings.Mapper.NoStamp = true
			r.Settings.Concurrency = 2
			var creating atomic.Int64
			c := &calls{
				before: func(one call) error {
					if one.name == "target AppendConversation" {
						require.EqualValues(t, 1, creating.Add(1))
						time.Sleep(10 * time.Second)
					}
					return nil
				},
				after: func(one call) error {
					if one.name == "target AppendConversation" {
						creating.Add(-1)
					}
					return nil
				},
			}
			s, err := c.run(t.Context(), t, r)
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
			require.Equal(t, 2, c.times("target AppendConversation"))
		})
	}
}
