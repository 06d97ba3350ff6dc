package inplace_test

import (
	"context"
	"encoding/json"
	"io/fs"
	"slices"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/inplace"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/sqlite"
	"chatbridge/migrate/transport"
)

// telling is a workspace whose service tells people's phones of everything, with
// public channels 0 and 1, a private one and one that is public and empty.
func telling(users int) fs.FS {
	s := rig.Scenario{Users: users, Channels: []rig.ChannelPlan{
		{Unique: true, Public: true, Members: []int{0, 1}, Read: []int{-1, 0}, Messages: []rig.MsgPlan{{Body: "hello"}}},
		{Unique: true, Public: true, Members: []int{2}, Read: []int{-1}},
		{Unique: true, Members: []int{0}, Read: []int{-1}},
		{Public: true},
	}}
	out := s.Archive().(fstest.MapFS)
	name := "services/" + rig.ScenarioService + "/service.json"
	event := map[string]any{"enabled": true, "template": "hello"}
	var service map[string]any
	if err := json.Unmarshal(out[name].Data, &service); err != nil {
		panic(err)
	}
	service["notifications"] = map[string]any{"new_message": event, "added_to_channel": event, "removed_from_channel": event}
	raw, err := json.Marshal(service)
	if err != nil {
		panic(err)
	}
	out[name] = &fstest.MapFile{Data: raw}
	return out
}

// crowd is an account with that workspace in it.
func crowd(t *testing.T, users int, c emulator.Config) *account {
	t.Helper()
	a := &account{wire: &rig.Tripwire{}}
	c.Archive, c.Shared, c.Intercept = telling(users), true, a.wire.Intercept
	a.Rig = rig.NewRig(t, c)
	return a
}

// additions are those of a new process, with a ledger of which one call may fail.
func (a *account) additions(l *rig.Torn) *inplace.Additions {
	counter := &transport.Counter{}
	return &inplace.Additions{
		Source: migrate.WithoutClaimChannels(migrate.Counted(a.Source(counter))), Target: a.Target(counter), Write: a.Target(counter),
		Ledger: l, Record: l, Observer: a.Events, Settings: a.Settings, Everybody: true, Drain: a.drain,
	}
}

// add plans and adds as a new process would.
func (a *account) add(ctx context.Context, t *testing.T, l *rig.Torn, set ...func(*inplace.Additions)) (inplace.Added, []migrate.FailureLine, error) {
	t.Helper()
	var err error
	l.Ledger, err = sqlite.Open(t.Context(), a.Rig.Ledger)
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	adds := a.additions(l)
	for _, s := range set {
		s(adds)
	}
	planned, err := adds.Plan(ctx)
	if err != nil {
		return planned, nil, err
	}
	return adds.Run(ctx, planned)
}

func wishing(wishes ...inplace.Wish) func(*inplace.Additions) {
	for i := range wishes {
		wishes[i].Line = i + 2
	}
	return func(a *inplace.Additions) { a.Everybody, a.Wishes = false, wishes }
}

// members are the identities in each channel, as Chat shows them.
func (a *account) members(t *testing.T) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	src := migrate.WithoutClaimChannels(a.Source(&transport.Counter{}))
	for c, err := range src.Channels(t.Context(), rig.ScenarioService) {
		require.NoError(t, err)
		for m, err := range src.Members(t.Context(), rig.ScenarioService, c.SID) {
			require.NoError(t, err)
			all[c.SID] = append(all[c.SID], m.Identity)
		}
		slices.Sort(all[c.SID])
	}
	return all
}

func everybody(users int) (all []string) {
	for u := range users {
		all = append(all, rig.IdentityOf(u))
	}
	slices.Sort(all)
	return all
}

// requireAll requires that everybody is in the channels that were public, and nobody
// else in the other one; that no phone rang; and that nothing is left behind.
func (a *account) requireAll(t *testing.T, users int, about string) {
	t.Helper()
	all := everybody(users)
	require.Equal(t, map[string][]string{
		rig.SidOf("CH", 0): all, rig.SidOf("CH", 1): all, rig.SidOf("CH", 2): {rig.IdentityOf(0)}, rig.SidOf("CH", 3): all,
	}, a.members(t), about)
	a.requireQuiet(t, about)
}

// requireQuiet requires that no phone rang, that the push settings are as they were,
// and that neither a claim nor a note of them is left.
func (a *account) requireQuiet(t *testing.T, about string) {
	t.Helper()
	require.Zero(t, a.Emulator.Stats().Pushes, about)
	require.Zero(t, a.Emulator.Stats().WebhookHeaders, about)
	target := a.Target(&transport.Counter{})
	cfg, err := target.Configuration(t.Context(), rig.ScenarioService)
	require.NoError(t, err)
	require.True(t, cfg.Notifications.AddedToConversation.Enabled && cfg.Notifications.NewMessage.Enabled && cfg.Notifications.RemovedFromConversation.Enabled, about)
	require.Equal(t, "hello", cfg.Notifications.AddedToConversation.Template, about)
	_, err = target.Conversation(t.Context(), rig.ScenarioService, migrate.ClaimName)
	require.Equal(t, migrate.NotFound, migrate.KindOf(err), about)
	l, err := sqlite.Open(t.Context(), a.Rig.Ledger)
	require.NoError(t, err)
	rec, _, err := l.Service(t.Context(), rig.ScenarioService)
	require.NoError(t, err)
	require.Empty(t, rec.Saved, about)
	for f, err := range l.Failures(t.Context()) {
		require.NoError(t, err)
		require.Fail(t, "a failure that is none any more", "%s: %+v", about, f)
	}
	require.NoError(t, l.Close())
}

func TestAdditions(t *testing.T) {
	t.Run("bring every user into what was public, once, and ring no phone", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			a := crowd(t, 5, emulator.Config{})
			_, err := a.promote(t.Context(), t, &rig.Torn{}, true)
			require.NoError(t, err)
			got, failures, err := a.add(t.Context(), t, &rig.Torn{})
			require.NoError(t, err)
			require.Empty(t, failures)
			require.EqualValues(t, 12, got.Added) // of 15, 3 are members
			require.EqualValues(t, 3, got.Existing)
			require.EqualValues(t, 5, got.Bill.ActiveUsers)
			require.Empty(t, got.Channels[0].Identities, "a result is kept in the ledger")
			a.requireAll(t, 5, "")

			again, _, err := a.add(t.Context(), t, &rig.Torn{})
			require.NoError(t, err)
			require.Zero(t, again.Participants+again.Added)
			require.EqualValues(t, 15, again.Existing)
			a.requireAll(t, 5, "again")
		})
	})

	t.Run("leave messages to be told while they are at work", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			a := crowd(t, 5, emulator.Config{})
			_, err := a.promote(t.Context(), t, &rig.Torn{}, true)
			require.NoError(t, err)
			adds := a.additions(&rig.Torn{})
			var heard atomic.Int64
			a.wire.Arm(rig.Trip{At: 1 << 30})
			l := &rig.Torn{}
			_, _, err = a.add(t.Context(), t, l, func(x *inplace.Additions) {
				x.Write = listening{x.Write, func() {
					cfg, err := adds.Target.Configuration(t.Context(), rig.ScenarioService)
					require.NoError(t, err)
					require.True(t, cfg.Notifications.NewMessage.Enabled)
					require.False(t, cfg.Notifications.AddedToConversation.Enabled)
					heard.Add(1)
				}}
			})
			require.NoError(t, err)
			require.EqualValues(t, 12, heard.Load())
		})
	})

	t.Run("plan without writing, whether channels are public still or were promoted", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			a := crowd(t, 3, emulator.Config{})
			plan := func() inplace.Added {
				l, err := sqlite.Open(t.Context(), a.Rig.Ledger)
				require.NoError(t, err)
				defer func() { require.NoError(t, l.Close()) }()
				adds := a.additions(&rig.Torn{Ledger: l})
				adds.Write, adds.Record = nil, nil
				planned, err := adds.Plan(t.Context())
				require.NoError(t, err)
				return planned
			}
			before := plan()
			require.EqualValues(t, 6, before.Participants)
			require.Equal(t, []string{rig.IdentityOf(2)}, before.Channels[0].Identities)
			require.Equal(t, [2]int64{2, 1}, [2]int64{before.Channels[0].Members, before.Channels[0].People})
			require.Equal(t, migrate.DefaultChannelMembers, before.Channels[0].Limit)
			require.Zero(t, a.Emulator.Stats().Conversations.Writes)
			_, err := a.promote(t.Context(), t, &rig.Torn{}, true)
			require.NoError(t, err)
			require.Equal(t, before, plan())
		})
	})

	t.Run("go where lines say: by SID, unique name and glob, each person once", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			a := crowd(t, 5, emulator.Config{})
			_, err := a.promote(t.Context(), t, &rig.Torn{}, true)
			require.NoError(t, err)
			got, _, err := a.add(t.Context(), t, &rig.Torn{}, wishing(
				inplace.Wish{Channel: rig.SidOf("CH", 3), Identity: rig.IdentityOf(4)},
				inplace.Wish{Channel: "channel-1", Identity: rig.IdentityOf(4)},
				inplace.Wish{Channel: "*", Identity: rig.IdentityOf(3)},
				inplace.Wish{Channel: "channel-?", Identity: rig.IdentityOf(3)},
				inplace.Wish{Channel: "channel-2", Identity: rig.IdentityOf(1)}, // private from the start, and named
			))
			require.NoError(t, err)
			require.EqualValues(t, 6, got.Added)
			require.EqualValues(t, 3, got.Bill.ActiveUsers)
			of := func(users ...int) (all []string) {
				for _, u := range users {
					all = append(all, rig.IdentityOf(u))
				}
				slices.Sort(all)
				return all
			}
			require.Equal(t, map[string][]string{
				rig.SidOf("CH", 0): of(0, 1, 3), rig.SidOf("CH", 1): of(2, 3, 4), rig.SidOf("CH", 2): of(0, 1), rig.SidOf("CH", 3): of(3, 4),
			}, a.members(t))
			a.requireQuiet(t, "")
		})
	})
}

type participant = conversations.Participant

// listening tells of each participant before they are added.
type listening struct {
	migrate.Target
	told func()
}

func (l listening) EnsureParticipant(ctx context.Context, serviceSID, conversationSID string, p participant, keep func(participant) bool) (participant, migrate.Change, error) {
	l.told()
	return l.Target.EnsureParticipant(ctx, serviceSID, conversationSID, p, keep)
}

func TestAdditionsThatAreRefusedBeforeAnythingIsWritten(t *testing.T) {
	for name, c := range map[string]struct {
		config emulator.Config
		set    func(*inplace.Additions)
		says   []string
	}{
		"a channel that is not there": {set: wishing(inplace.Wish{Channel: "*", Identity: rig.IdentityOf(0)}, inplace.Wish{Channel: "nowhere", Identity: rig.IdentityOf(0)}), says: []string{"line 3", `"nowhere"`}},
		"somebody who is no user":     {set: wishing(inplace.Wish{Channel: "*", Identity: "nobody"}, inplace.Wish{Channel: "x", Identity: "y"}), says: []string{"line 2", `"nobody"`, "1 more line has a mistake"}},
		"a glob for what is private":  {set: wishing(inplace.Wish{Channel: "channel-[2]", Identity: rig.IdentityOf(1)}), says: []string{"line 2", "none that is or was public"}},
		"a channel that is too small": {set: func(a *inplace.Additions) { a.Target = limited{a.Target, migrate.Limits{ChannelMembers: 4}} }, says: []string{"CH0", "5 participants (2 members and 3 to add)", "admits 4", "2 more channels"}},
		"a person in too many":        {set: func(a *inplace.Additions) { a.Target = limited{a.Target, migrate.Limits{UserChannels: 3}} }, says: []string{`"user0@example.com" would be in 4 channels`, "admits 3"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := crowd(t, 5, c.config)
				_, _, err := a.add(t.Context(), t, &rig.Torn{}, c.set)
				require.Equal(t, migrate.Usage, migrate.KindOf(err))
				for _, text := range c.says {
					require.ErrorContains(t, err, text)
				}
				require.Contains(t, migrate.HintOf(err), "nothing was written")
				require.Zero(t, a.Emulator.Stats().Conversations.Writes)
			})
		})
	}
}

// limited is a service with other ceilings.
type limited struct {
	migrate.TargetReader
	admits migrate.Limits
}

func (l limited) Limits(context.Context, string) (migrate.Limits, error) { return l.admits, nil }
