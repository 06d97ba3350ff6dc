package replay_test

import (
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/transport"
)

// TestLeftover holds which conversations a run removes that a create without an
// answer may have left: the empty ones of channels that have their own, in a run
// after a crash or with such a create, when nothing can land any more.
func TestLeftover(t *testing.T) {
	crashed := func(t *testing.T) (*rig.Rig, string) {
		r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(2).Archive()})
		r.Settings.Concurrency = 1
		cutOff(t, r, call{"target AppendMessage", 2}, true)
		for s, err := range r.Target(&transport.Counter{}).Services(t.Context()) {
			require.NoError(t, err)
			return r, s.SID
		}
		return nil, ""
	}
	leave := func(t *testing.T, r *rig.Rig, service, attributes string) string {
		target := r.Target(&transport.Counter{})
		real, err := target.Conversation(t.Context(), service, channelOf(t, r, 0).TargetSID)
		require.NoError(t, err)
		c, err := target.AppendConversation(t.Context(), service, conversations.Conversation{FriendlyName: real.FriendlyName, DateCreated: real.DateCreated, Attributes: attributes})
		require.NoError(t, err)
		return c.SID
	}
	there := func(t *testing.T, r *rig.Rig, service, sid string) bool {
		_, err := r.Target(&transport.Counter{}).Conversation(t.Context(), service, sid)
		if err != nil {
			require.Equal(t, migrate.NotFound, migrate.KindOf(err))
		}
		return err == nil
	}

	for name, c := range map[string]struct {
		attributes    string
		fill          func(*testing.T, *rig.Rig, string, string)
		removed, told int
	}{
		"one that is empty is removed": {attributes: stampOf(rig.SidOf("CH", 0), rig.ScenarioService), removed: 1},
		"one with a message stays, and is said": {attributes: stampOf(rig.SidOf("CH", 0), rig.ScenarioService), told: 1,
			fill: func(t *testing.T, r *rig.Rig, service, sid string) {
				_, err := r.Target(&transport.Counter{}).AppendMessage(t.Context(), service, sid, conversations.Message{Author: "them", Body: "hello"})
				require.NoError(t, err)
			}},
		"one with a participant stays, and is said": {attributes: stampOf(rig.SidOf("CH", 0), rig.ScenarioService), told: 1,
			fill: func(t *testing.T, r *rig.Rig, service, sid string) {
				_, _, err := r.Target(&transport.Counter{}).EnsureParticipant(t.Context(), service, sid, conversations.Participant{Identity: rig.IdentityOf(0)}, nil)
				require.NoError(t, err)
			}},
		"one that somebody named since stays, and is said": {attributes: stampOf(rig.SidOf("CH", 0), rig.ScenarioService), told: 1,
			fill: func(t *testing.T, r *rig.Rig, service, sid string) {
				require.NoError(t, r.Target(&transport.Counter{}).SetConversation(t.Context(), service, conversations.Conversation{SID: sid, FriendlyName: "ours"}))
			}},
		"one of a channel that nobody knows stays":    {attributes: stampOf(rig.SidOf("CH", 77), rig.ScenarioService)},
		"one of the channel of another service stays": {attributes: stampOf(rig.SidOf("CH", 0), "IS00000000000000000000000000000077")},
		"one without a stamp stays":                   {attributes: `{"sid":"` + rig.SidOf("CH", 0) + `"}`},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, service := crashed(t)
				sid := leave(t, r, service, c.attributes)
				if c.fill != nil {
					c.fill(t, r, service, sid)
				}
				last := leave(t, r, service, stampOf(rig.SidOf("CH", 0), rig.ScenarioService)) // what comes later in the list is looked at too
				s, err := r.Migrate(t.Context())
				require.NoError(t, err)
				require.Equal(t, migrate.Complete, s.Status)
				require.Equal(t, c.removed == 0, there(t, r, service, sid))
				require.False(t, there(t, r, service, last))
				require.Equal(t, c.removed+1, said(r, saidRemoved))
				require.Equal(t, c.told, said(r, saidLeft))
				for i := range 2 {
					require.True(t, there(t, r, service, channelOf(t, r, i).TargetSID))
				}
			})
		})
	}

	t.Run("that of a channel that was stopped before it had any is what its next run takes", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(3).Archive()})
			r.Settings.Concurrency = 1
			c := &calls{before: func(one call) error {
				if one.name == "target AppendConversation" && one.nth >= 2 && one.nth <= 6 { // of the second lane
					return inDoubt("create conversation")
				}
				return nil
			}}
			s, err := c.run(t.Context(), t, r)
			require.NoError(t, err)
			require.Equal(t, migrate.Partial, s.Status)
			service := s.Services[0].TargetSID
			stopped := s.Failures[0].SourceSID
			late := leave(t, r, service, stampOf(stopped, rig.ScenarioService))
			// The next run stops the channel once more, before it looks for any.
			c = &calls{before: func(one call) error {
				if one.name == "source Channel" {
					return &migrate.Error{Op: "read channel", Kind: migrate.Refused}
				}
				return nil
			}}
			s, err = c.run(t.Context(), t, r)
			require.NoError(t, err)
			require.Equal(t, migrate.Partial, s.Status)
			require.True(t, there(t, r, service, late), "nothing else stands for the channel")
			require.Zero(t, said(r, saidRemoved))
			s, err = r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status)
			require.True(t, there(t, r, service, late))
		})
	})

	t.Run("is not looked for when no create is in doubt and no run was cut off", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(2).Archive()})
			lists := func() int {
				c := &calls{}
				s, err := c.run(t.Context(), t, r)
				require.NoError(t, err)
				require.Equal(t, migrate.Complete, s.Status)
				return c.times("target Conversations")
			}
			require.Zero(t, lists(), "a first run into a service of its own")
			require.Zero(t, lists(), "a second run")
			_, err := r.Emulator.AppendToChannel(rig.SidOf("CH", 0), rig.IdentityOf(1), "five")
			require.NoError(t, err)
			require.Zero(t, lists(), "one that brings something")
			r.KilledAgo(t, 0)
			require.Zero(t, lists(), "one after a crash, of a service that was done")
			r.Ledger = filepath.Join(t.TempDir(), "new.db")
			require.Equal(t, 2, lists(), "one that adopts")
		})
	})

	t.Run("is not looked for in a service that this run made, whatever ran before", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(2).Archive()})
			r.KilledAgo(t, 0)
			c := &calls{}
			s, err := c.run(t.Context(), t, r)
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status)
			require.Zero(t, c.times("target Conversations"))
			require.Less(t, s.Duration, r.Settings.Settle.Seconds())
		})
	})

	t.Run("is not looked for after a run that ended by itself, into a service of others", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(2).Archive()})
			r.Settings.ToService = r.Inhabit(t)
			c := &calls{}
			s, err := c.run(t.Context(), t, r)
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status)
			require.Equal(t, 1, c.times("target Conversations"), "for what there is to adopt")
		})
	})

	t.Run("is looked for when nothing can land any more", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r, _ := crashed(t)
			began := time.Now()
			var looked time.Duration
			c := &calls{before: func(one call) error {
				if one.name == "target Conversations" {
					looked = time.Since(began)
				}
				return nil
			}}
			_, err := c.run(t.Context(), t, r)
			require.NoError(t, err)
			require.GreaterOrEqual(t, looked, r.Settings.Settle-time.Second)
		})
	})
}
