package replay_test

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/transport"
)

// TestNameOfOthers holds what follows when a unique name is refused.
func TestNameOfOthers(t *testing.T) {
	into := func(t *testing.T) (*rig.Rig, string) {
		s := rig.ManyChannels(2)
		s.Channels[1].Unique = true
		r := rig.NewRig(t, emulator.Config{Archive: s.Archive()})
		r.Settings.ToService = r.Inhabit(t)
		theirs, err := r.Target(&transport.Counter{}).AppendConversation(t.Context(), r.Settings.ToService, conversations.Conversation{UniqueName: "channel-1"})
		require.NoError(t, err)
		return r, theirs.SID
	}
	t.Run("the channel stops, and says whose it is and which setting helps", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r, theirs := into(t)
			c := &calls{}
			s, err := c.run(t.Context(), t, r)
			require.NoError(t, err)
			require.Len(t, s.Failures, 1)
			require.Equal(t, rig.SidOf("CH", 1), s.Failures[0].SourceSID)
			require.Equal(t, "create conversation "+theirs+": the unique name channel-1 belongs to somebody else's conversation", s.Failures[0].Reason)
			require.Contains(t, s.Failures[0].Hint, "--policy "+string(mapping.UniqueNameTaken)+"=")
			require.EqualValues(t, 1, rig.TimesFound(s.ThisRun)[mapping.UniqueNameTaken])
			require.Equal(t, 2, c.times("target AppendConversation"))
			require.Empty(t, channelOf(t, r, 1).TargetSID)
		})
	})
	t.Run("a policy lets it go without, and that is said", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r, theirs := into(t)
			r.Settings.Mapper.Policy = mapping.Policy{mapping.UniqueNameTaken: "drop"}
			c := &calls{}
			s, err := c.run(t.Context(), t, r)
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
			require.EqualValues(t, 1, rig.TimesFound(s.ThisRun)[mapping.UniqueNameTaken])
			require.Equal(t, 3, c.times("target AppendConversation"))
			require.NotEqual(t, theirs, channelOf(t, r, 1).TargetSID)
			made, err := r.Target(&transport.Counter{}).Conversation(t.Context(), r.Settings.ToService, channelOf(t, r, 1).TargetSID)
			require.NoError(t, err)
			require.Empty(t, made.UniqueName)
		})
	})
	t.Run("one that nobody has any more is asked for again", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r, theirs := into(t)
			target := r.Target(&transport.Counter{})
			c := &calls{before: func(one call) error {
				if one == (call{"target Conversation", 1}) {
					return target.DeleteConversation(t.Context(), r.Settings.ToService, theirs)
				}
				return nil
			}}
			s, err := c.run(t.Context(), t, r)
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
			made, err := target.Conversation(t.Context(), r.Settings.ToService, "channel-1")
			require.NoError(t, err)
			require.Equal(t, channelOf(t, r, 1).TargetSID, made.SID)
		})
	})
}

// A conversation that is called as ours and dated as ours, and says that it is another
// channel's, is not what a create without an answer made.
func TestNamesakeOfAnotherChannel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rig.NewRig(t, emulator.Config{Archive: oneChannel(four...).Archive()})
		r.Settings.ToService = r.Inhabit(t)
		theirs, err := r.Target(&transport.Counter{}).AppendConversation(t.Context(), r.Settings.ToService, conversations.Conversation{
			FriendlyName: "Channel 0", DateCreated: rig.ScenarioStart, Attributes: stampOf(rig.SidOf("CH", 77), rig.ScenarioService),
		})
		require.NoError(t, err)
		c := &calls{before: func(one call) error {
			if one == (call{"target AppendConversation", 1}) {
				return inDoubt("create conversation")
			}
			return nil
		}}
		s, err := c.run(t.Context(), t, r)
		require.NoError(t, err)
		require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
		require.Equal(t, 2, c.times("target AppendConversation"))
		require.NotEqual(t, theirs.SID, channelOf(t, r, 0).TargetSID)
	})
}
