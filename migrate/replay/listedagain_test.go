package replay_test

import (
	"io/fs"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/archive"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/transport"
)

// withUniqueName gives the only channel a unique name.
func withUniqueName(t *testing.T, s rig.Scenario) fs.FS {
	return rig.WithFile(t, s.Archive(), archive.ChannelsPath(rig.ScenarioService), func(lines string) string {
		return strings.Replace(lines, "{", `{"unique_name":"channel-0",`, 1)
	})
}

// A conversation without a stamp is known by either of its names, and is one
// candidate if it is known by both.
func TestConversationsKnownByTheirNames(t *testing.T) {
	for name, change := range map[string]func(*conversations.Conversation){
		"by both": func(*conversations.Conversation) {},
		"by its unique name, when somebody gave it another friendly name": func(c *conversations.Conversation) { c.FriendlyName = "ours" },
		"by its friendly name, when somebody gave it another unique name": func(c *conversations.Conversation) { c.UniqueName = "ours" },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := rig.NewRig(t, emulator.Config{Archive: withUniqueName(t, oneChannel(four...))})
				r.Settings.Mapper.NoStamp = true
				s := pass(t, r, migrate.Complete)
				service := s.Services[0].TargetSID
				target := r.Target(&transport.Counter{})
				there, err := target.Conversation(t.Context(), service, "channel-0")
				require.NoError(t, err)
				change(&there)
				require.NoError(t, target.SetConversation(t.Context(), service, there))
				time.Sleep(time.Hour)
				r.Ledger += ".new"
				s = pass(t, r, migrate.Complete)
				require.Equal(t, service, s.Services[0].TargetSID, "it holds what the migration wrote")
				require.Zero(t, s.Counts[migrate.KindMessages].Written)
				n := 0
				for c, err := range target.Conversations(t.Context(), service) {
					require.NoError(t, err)
					require.Equal(t, there.SID, c.SID)
					n++
				}
				require.Equal(t, 1, n)
			})
		})
	}
}

// Before conversations are made again under a lost ledger, the list is read twice
// more, a settle time later: and no more often, however many are missing.
func TestTheListIsReadTwiceMore(t *testing.T) {
	for missing, lists := range map[int]int{0: 2, 1: 4, 3: 4} {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(4).Archive()})
			r.Settings.Concurrency = 1
			s := pass(t, r, migrate.Complete)
			target := r.Target(&transport.Counter{})
			for i := range missing {
				require.NoError(t, target.DeleteConversation(t.Context(), s.Services[0].TargetSID, channelOf(t, r, i).TargetSID))
			}
			r.Ledger += ".new"
			var at []time.Time
			c := &calls{before: func(one call) error {
				if one.name == "target Conversations" {
					at = append(at, time.Now())
				}
				return nil
			}}
			s, err := c.run(t.Context(), t, r)
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status)
			require.Len(t, at, lists, "%d are missing", missing)
			if missing > 0 {
				require.GreaterOrEqual(t, at[2].Sub(at[1]), r.Settings.Settle)
			}
		})
	}
}
