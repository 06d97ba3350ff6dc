package replay_test

import (
	"cmp"
	"encoding/json"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/archive"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/transport"
)

// A conversation says when it was updated last, and its create is an update to some
// services: what else was sent is there.
func TestACreateMovesTheDateOfItsConversation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, m := between(t, emulator.Config{Archive: oneChannel(four...).Archive()})
		moved := 0
		m.do(func(x exchange) bool {
			if !x.creates() {
				return false
			}
			moved++
			reply := x.commit()
			var made map[string]any
			require.NoError(t, json.Unmarshal(reply.Body, &made))
			made["date_updated"] = time.Now().UTC().Format(time.RFC3339)
			reply.Body, _ = json.Marshal(made)
			reply.WriteTo(x.w)
			return true
		})
		s := pass(t, r, migrate.Complete)
		require.Equal(t, 1, moved)
		require.Zero(t, times(s, mapping.StoredOtherwise))
		equalNow(t, r)
	})
}

// A conversation that was stored otherwise, and whose channel is called otherwise since,
// gets its new name once, and without a push, whoever switched those on again.
func TestStoredOtherwiseAndRenamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		named := func(name string) fs.FS {
			return rig.WithFile(t, oneChannel(four...).Archive(), archive.ChannelsPath(rig.ScenarioService), func(text string) string {
				return strings.Replace(text, `"friendly_name":"Channel 0"`, `"friendly_name":"`+name+`"`, 1)
			})
		}
		r := rig.NewRig(t, emulator.Config{Unkind: emulator.Unkind{Trim: true}})
		r.Settings.ToService = r.Inhabit(t)
		require.NoError(t, r.Target(&transport.Counter{}).SetNotifications(t.Context(), r.Settings.ToService, pushes))
		called := func() string {
			c, err := r.Target(&transport.Counter{}).Conversation(t.Context(), r.Settings.ToService, channelOf(t, r, 0).TargetSID)
			require.NoError(t, err)
			return c.FriendlyName
		}
		run := func(name string) (writes []string) {
			c := &calls{}
			s, err := c.run(t.Context(), t, r, from(t, named(name)))
			require.NoError(t, err)
			require.Equal(t, migrate.Partial, s.Status)
			require.Contains(t, reasons(s), string(mapping.StoredOtherwise))
			return writesOf(c)
		}
		run("before ")
		require.Equal(t, "before", called())
		require.NoError(t, r.Target(&transport.Counter{}).SetNotifications(t.Context(), r.Settings.ToService, pushes))
		writes := run("after ")
		require.Equal(t, "after", called())
		quiet := slices.Index(writes, "SetNotifications")
		require.NotEqual(t, -1, quiet)
		require.Less(t, quiet, slices.Index(writes, "SetConversation"))
		require.NotContains(t, run("after "), "SetConversation")
	})
}

// Attributes that a channel lost are taken from a conversation that was stored otherwise.
func TestStoredOtherwiseAndBare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rig.NewRig(t, emulator.Config{Unkind: emulator.Unkind{Trim: true}})
		r.Settings.Mapper.NoStamp = true
		run := func(in fs.FS) conversations.Conversation {
			s, err := (&calls{}).run(t.Context(), t, r, from(t, in))
			require.NoError(t, err)
			require.Equal(t, migrate.Partial, s.Status)
			c, err := r.Target(&transport.Counter{}).Conversation(t.Context(), s.Services[0].TargetSID, channelOf(t, r, 0).TargetSID)
			require.NoError(t, err)
			return c
		}
		before := changed(t, oneChannel(four...).Archive(), `"Channel 0"`, `"before "`)
		require.Contains(t, run(before).Attributes, "big")
		after := changed(t, changed(t, oneChannel(four...).Archive(), `"Channel 0"`, `"after "`), `{\"big\":9007199254740993}`, ``)
		require.Equal(t, "{}", cmp.Or(run(after).Attributes, "{}"))
	})
}

// A name that reaches a conversation is written, though nothing else is to be.
func TestRenamedAndEmpty(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		named := func(name string) fs.FS {
			return rig.WithFile(t, rig.Scenario{Users: 1, Channels: []rig.ChannelPlan{{}}}.Archive(), archive.ChannelsPath(rig.ScenarioService), func(text string) string {
				return strings.Replace(text, `"friendly_name":"Channel 0"`, `"friendly_name":"`+name+`"`, 1)
			})
		}
		r := rig.NewRig(t, emulator.Config{Unkind: emulator.Unkind{Trim: true}})
		s, err := (&calls{}).run(t.Context(), t, r, from(t, named("before ")))
		require.NoError(t, err)
		require.Equal(t, migrate.KindCount{Source: 1, Failed: 1}, s.Counts[migrate.KindChannels])
		s, err = (&calls{}).run(t.Context(), t, r, from(t, named("after")))
		require.NoError(t, err)
		require.Equal(t, migrate.KindCount{Source: 1, Written: 1}, s.Counts[migrate.KindChannels])
	})
}

// A conversation that was stored otherwise, and that somebody deleted, is not named any
// more when its channel stops.
func TestStoredOtherwiseAndDeleted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := changed(t, oneChannel(four...).Archive(), `"Channel 0"`, `"Channel 0 "`)
		r := rig.NewRig(t, emulator.Config{Archive: in, Unkind: emulator.Unkind{Trim: true}})
		s := pass(t, r, migrate.Partial)
		sid := s.Failures[0].TargetSID
		require.NotEmpty(t, sid)
		require.NoError(t, r.Target(&transport.Counter{}).DeleteConversation(t.Context(), s.Services[0].TargetSID, sid))
		s, err := (&calls{before: func(one call) error {
			if one.name == "target AppendConversation" {
				return refused("create conversation")
			}
			return nil
		}}).run(t.Context(), t, r)
		require.NoError(t, err)
		require.Len(t, s.Failures, 1)
		require.Contains(t, s.Failures[0].Reason, "create conversation")
		require.Empty(t, s.Failures[0].TargetSID)
		require.Empty(t, channelOf(t, r, 0).TargetSID)
	})
}
