package replay_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
)

// TestCreateWithoutAnswer holds what follows when nobody says whether a
// conversation was created.
func TestCreateWithoutAnswer(t *testing.T) {
	unique := func(n int) rig.Scenario {
		s := rig.ManyChannels(n)
		for i := range s.Channels {
			s.Channels[i].Unique = true
		}
		return s
	}
	for name, s := range map[string]rig.Scenario{"with a unique name": unique(1), "without a unique name": rig.ManyChannels(1)} {
		t.Run("it is given time to land, found and taken, and not made again, "+name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := rig.NewRig(t, emulator.Config{Archive: s.Archive()})
				r.Settings.Watchdog = r.Settings.Settle / 2
				var asked, looked time.Time
				c := &calls{after: func(one call) error {
					if one == (call{"target AppendConversation", 1}) {
						asked = time.Now()
						return inDoubt("create conversation")
					}
					return nil
				}}
				c.before = func(one call) error {
					if one.nth == 1 && strings.HasPrefix(one.name, "target Conversation") {
						looked = time.Now()
					}
					return nil
				}
				sum, err := c.run(t.Context(), t, r)
				require.NoError(t, err)
				require.Equal(t, migrate.Complete, sum.Status, "%+v", sum.Failures)
				require.Equal(t, 1, c.times("target AppendConversation"))
				require.Equal(t, r.Settings.Settle, looked.Sub(asked))
				require.Equal(t, 1, said(r, "waiting in case an unanswered request still lands"))
				require.Equal(t, migrate.KindCount{Source: 1, Written: 1}, sum.Counts[migrate.KindChannels])
				require.Equal(t, 2, c.times("target Messages"), "to see whose it is, and to be read back; in a new one nothing is looked for")
				require.Len(t, r.ConversationsOf(t, sum.Services[0].TargetSID), 1)
				_, differences := r.Verify(t.Context())
				require.Empty(t, differences)
			})
		})

		t.Run("it is made again when it is not there, as often as is sensible, "+name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := rig.NewRig(t, emulator.Config{Archive: s.Archive()})
				c := &calls{before: func(one call) error {
					if one.name == "target AppendConversation" {
						return inDoubt("create conversation")
					}
					return nil
				}}
				sum, err := c.run(t.Context(), t, r)
				require.Equal(t, migrate.Unavailable, migrate.KindOf(err))
				require.Equal(t, migrate.FailedStatus, sum.Status)
				require.Equal(t, 5, c.times("target AppendConversation"))
				require.Len(t, sum.Failures, 1)
				require.Contains(t, sum.Failures[0].Reason, "no answer to any attempt; nothing was written")
				require.Contains(t, sum.Failures[0].Reason, rig.SidOf("CH", 0))
				require.Equal(t, "run the same command again to resume", sum.Failures[0].Hint)
				require.GreaterOrEqual(t, sum.Duration, 5*r.Settings.Settle.Seconds())
				require.Empty(t, channelOf(t, r, 0).TargetSID)
				carried(t, r, "again")
			})
		})

		t.Run("one that met another write is looked for at once, and made again, "+name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := rig.NewRig(t, emulator.Config{Archive: s.Archive()})
				c := &calls{before: func(one call) error {
					if one.name == "target AppendConversation" {
						return &migrate.Error{Op: "create conversation", Kind: migrate.Contended, Err: errors.New("somebody else is writing")}
					}
					return nil
				}}
				sum, err := c.run(t.Context(), t, r)
				require.Error(t, err)
				require.Equal(t, 5, c.times("target AppendConversation"))
				require.Contains(t, sum.Failures[0].Reason, "somebody else is writing")
				require.Less(t, sum.Duration, r.Settings.Settle.Seconds())
				require.Zero(t, said(r, "waiting in case an unanswered request still lands"))
			})
		})
	}

	t.Run("one that is made again keeps its unique name", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Archive: unique(1).Archive()})
			c := &calls{before: func(one call) error {
				if one == (call{"target AppendConversation", 1}) {
					return inDoubt("create conversation")
				}
				return nil
			}}
			sum, err := c.run(t.Context(), t, r)
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, sum.Status, "%+v", sum.Failures)
			there := r.ConversationsOf(t, sum.Services[0].TargetSID)[rig.SidOf("CH", 0)]
			require.Len(t, there, 1)
			require.Equal(t, "channel-0", there[0].UniqueName)
		})
	})

	t.Run("the last of several answers says why it failed", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(1).Archive()})
			c := &calls{before: func(one call) error {
				switch {
				case one == (call{"target AppendConversation", 1}):
					return &migrate.Error{Op: "create conversation", Kind: migrate.Contended, Err: errors.New("somebody else is writing")}
				case one.name == "target AppendConversation":
					return inDoubt("create conversation")
				}
				return nil
			}}
			sum, err := c.run(t.Context(), t, r)
			require.Error(t, err)
			require.Contains(t, sum.Failures[0].Reason, "no answer to any attempt")
		})
	})

	for name, after := range map[string]func(call) error{
		"is found": firstOf("target AppendConversation", inDoubt("create conversation")), "is made": nil,
	} {
		t.Run("one that "+name+" counts as written, though nothing else is written into it", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := rig.NewRig(t, emulator.Config{Archive: rig.Scenario{Users: 1, Channels: []rig.ChannelPlan{{}}}.Archive()})
				c := &calls{after: after}
				sum, err := c.run(t.Context(), t, r)
				require.NoError(t, err)
				require.Equal(t, migrate.Complete, sum.Status)
				require.Equal(t, migrate.KindCount{Source: 1, Written: 1}, sum.Counts[migrate.KindChannels])
				require.Equal(t, 1, c.times("target SetConversation"))
				require.Equal(t, "Channel 0", channelOf(t, r, 0).FriendlyName)
				again, err := r.Migrate(t.Context())
				require.NoError(t, err)
				require.Equal(t, migrate.KindCount{Source: 1, Existing: 1}, again.Counts[migrate.KindChannels])
			})
		})
	}

	t.Run("any other answer stops the channel, without another create", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(1).Archive()})
			c := &calls{before: func(one call) error {
				if one.name == "target AppendConversation" {
					return &migrate.Error{Op: "create conversation", Kind: migrate.Refused, Err: errors.New("no"), Hint: "ask"}
				}
				return nil
			}}
			sum, err := c.run(t.Context(), t, r)
			require.NoError(t, err)
			require.Equal(t, migrate.Partial, sum.Status)
			require.Equal(t, 1, c.times("target AppendConversation"))
			require.Equal(t, "ask", sum.Failures[0].Hint)
		})
	})
}
