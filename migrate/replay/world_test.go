package replay_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/archive"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/transport"
)

// world is a migration at some point of its way.
type world struct {
	name  string
	make  func(*testing.T) *rig.Rig
	after func(call) error // what goes wrong in it by itself
	alone bool             // nothing is written beside the one lane

	// What is like in another world, before the first call of from and after that
	// of to, is left out.
	from, to string
}

func inDoubt(op string) error {
	return &migrate.Error{Op: op, Kind: migrate.InDoubt, Err: errors.New("no answer")}
}

// firstOf gives the first call of a name, after it took effect, an answer.
func firstOf(name string, err error) func(call) error {
	return func(one call) error {
		if one == (call{name, 1}) {
			return err
		}
		return nil
	}
}

// cutOff runs a migration that ends without a word at the n-th call of a name,
// before or after its effect, as a process that is killed does: nothing of it
// reaches the target or the ledger any more.
func cutOff(t *testing.T, r *rig.Rig, at call, after bool) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	gone := errors.New("the process is gone")
	var dead atomic.Bool
	c := &calls{}
	c.before = func(one call) error {
		if one == at && !after {
			dead.Store(true)
			cancel()
		}
		if dead.Load() {
			return gone
		}
		return nil
	}
	c.after = func(one call) error {
		if one == at && after {
			dead.Store(true)
			cancel()
			return gone
		}
		return nil
	}
	_, err := c.run(ctx, t, r)
	require.Error(t, err)
	require.True(t, dead.Load(), "%v did not happen", at)
}

func worlds() []world {
	return []world{
		{name: "a first run", make: func(t *testing.T) *rig.Rig { return littleRig(t, little(t)) }},
		{name: "a run after one that was killed within a channel", make: func(t *testing.T) *rig.Rig {
			r := littleRig(t, little(t))
			cutOff(t, r, call{"target AppendMessage", 2}, true)
			return r
		}},
		{name: "a run after one that was killed in the create of its service", to: "target Roles", make: func(t *testing.T) *rig.Rig {
			r := littleRig(t, little(t))
			cutOff(t, r, call{"target AppendService", 1}, false)
			return r
		}},
		{name: "a run after one that was killed and left an empty conversation behind", from: "target AppendMessage", make: func(t *testing.T) *rig.Rig {
			r := littleRig(t, little(t))
			cutOff(t, r, call{"target AppendMessage", 2}, true)
			twin(t, r)
			return r
		}},
		{name: "a run whose ledger was lost", to: "target AppendMessage", make: func(t *testing.T) *rig.Rig {
			r := littleRig(t, little(t))
			cutOff(t, r, call{"target AppendMessage", 2}, true)
			r.Ledger = filepath.Join(t.TempDir(), "new.db")
			return r
		}},
		{name: "a run whose source has members that are no users", alone: true, from: "target AppendConversation", to: "target AppendMessage", make: func(t *testing.T) *rig.Rig {
			return littleRig(t, rig.WithFile(t, little(t), archive.UsersPath(rig.ScenarioService), func(string) string { return "" }))
		}},
		{name: "a run into a service of others", make: func(t *testing.T) *rig.Rig {
			r := littleRig(t, little(t))
			r.Settings.ToService = r.Inhabit(t)
			return r
		}},
		{name: "a later run, when something came", make: func(t *testing.T) *rig.Rig {
			r := littleRig(t, little(t))
			_, err := r.Migrate(t.Context())
			require.NoError(t, err)
			_, err = r.Emulator.AppendToChannel(rig.SidOf("CH", 0), rig.IdentityOf(1), "four")
			require.NoError(t, err)
			return r
		}},
		{name: "a run whose conversation was created without an answer", from: "target AppendConversation", make: func(t *testing.T) *rig.Rig { return littleRig(t, little(t)) },
			after: firstOf("target AppendConversation", inDoubt("create conversation"))},
		{name: "a run whose conversation has a unique name and was created without an answer", from: "target AppendConversation", to: "target AppendMessage", make: func(t *testing.T) *rig.Rig {
			return littleRig(t, rig.WithFile(t, little(t), archive.ChannelsPath(rig.ScenarioService), func(s string) string {
				return strings.Replace(s, "{", `{"unique_name":"channel-0",`, 1)
			}))
		}, after: firstOf("target AppendConversation", inDoubt("create conversation"))},
		{name: "a run whose service was created without an answer", from: "target AppendService", to: "target Roles", make: func(t *testing.T) *rig.Rig { return littleRig(t, little(t)) },
			after: firstOf("target AppendService", inDoubt("create service"))},
		{name: "a run whose role was created without an answer", from: "target AppendRole", to: "target AppendConversation", make: func(t *testing.T) *rig.Rig { return littleRig(t, little(t)) },
			after: firstOf("target AppendRole", inDoubt("create role"))},
	}
}

// twin creates an empty conversation like the one that is there, as a create
// that landed late does.
func twin(t *testing.T, r *rig.Rig) conversations.Conversation {
	t.Helper()
	target := r.Target(&transport.Counter{})
	for s, err := range target.Services(t.Context()) {
		require.NoError(t, err)
		for c, err := range target.Conversations(t.Context(), s.SID) {
			require.NoError(t, err)
			c.SID, c.UniqueName = "", ""
			made, err := target.AppendConversation(t.Context(), s.SID, c)
			require.NoError(t, err)
			return made
		}
	}
	t.Fatal("there is no conversation")
	return conversations.Conversation{}
}

// carried requires that another run completes the migration, and that both sides
// are equal then.
func carried(t *testing.T, r *rig.Rig, why any) {
	t.Helper()
	s, err := r.Migrate(t.Context())
	require.NoError(t, err, "%v", why)
	require.Equal(t, migrate.Complete, s.Status, "%v: %+v", why, s.Failures)
	v, differences := r.Verify(t.Context())
	require.Empty(t, differences, "%v", why)
	require.True(t, v.Equal, "%v", why)
	ours := 0
	target := r.Target(&transport.Counter{})
	for c, err := range target.Conversations(t.Context(), s.Services[0].TargetSID) {
		require.NoError(t, err)
		if c.FriendlyName == "Channel 0" {
			ours++
		}
	}
	require.Equal(t, 1, ours, "%v", why)
}

func side(one call) string {
	name, _, _ := strings.Cut(one.name, " ")
	return name
}

// said are the events with a message.
func said(r *rig.Rig, message string) (n int) {
	for _, one := range r.Events.Messages() {
		if one == message {
			n++
		}
	}
	return n
}

func refused(op string) error {
	return &migrate.Error{Op: op, Kind: migrate.Refused, Err: errors.New("no")}
}

func carriedMany(t *testing.T, r *rig.Rig) {
	t.Helper()
	s, err := r.Migrate(t.Context())
	require.NoError(t, err)
	require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
}

// stampOf are attributes that bear the stamp of a channel.
func stampOf(channelSID, serviceSID string) string {
	return `{"chatbridge":{"sid":"` + channelSID + `","service_sid":"` + serviceSID + `"}}`
}
