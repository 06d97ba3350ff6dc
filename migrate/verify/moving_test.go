package verify_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/mapping/chat"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/transport"
	"chatbridge/migrate/verify"
)

// odd is a Source of which some reads of one record fail.
type odd struct {
	migrate.Source
	channel func(look int) error // by how often it was read, from 1
	user    error
	looks   int
}

func (o *odd) Channel(ctx context.Context, serviceSID, sid string) (chat.Channel, error) {
	if o.channel != nil {
		o.looks++
		if err := o.channel(o.looks); err != nil {
			return chat.Channel{}, err
		}
	}
	return o.Source.Channel(ctx, serviceSID, sid)
}

func (o *odd) User(ctx context.Context, serviceSID, sid string) (chat.User, error) {
	if o.user != nil {
		return chat.User{}, o.user
	}
	return o.Source.User(ctx, serviceSID, sid)
}

func compareWith(t *testing.T, m *rig.Mutant, s migrate.Source, l migrate.LedgerReader) (verify.Verification, []verify.Difference, error) {
	t.Helper()
	var all []verify.Difference
	v := verify.Verifier{Source: s, Target: m.Target, Ledger: l, Observer: m.Events, Settings: m.Settings}
	got, err := v.Run(t.Context(), func(d verify.Difference) { all = append(all, d) })
	return got, all, err
}

func TestRecordsThatCannotBeRead(t *testing.T) {
	unreadable := error(&chat.Unreadable{SID: "CH1", Err: errors.New("the date is none")})
	gone := error(&migrate.Error{Op: "read channel", Kind: migrate.NotFound, Err: errors.New("not found")})
	missing := []verify.Difference{{Class: verify.Missing, Kind: migrate.KindChannels, SourceSID: rig.SidOf("CH", 0)}}
	for name, c := range map[string]struct {
		source odd
		damage bool // so that there is a second look
		want   []verify.Difference
		err    error
	}{
		"a channel that makes no sense is missing":                    {source: odd{channel: func(int) error { return unreadable }}, want: missing},
		"a channel that makes no sense at the second look is missing": {source: odd{channel: func(n int) error { return []error{nil, unreadable}[n-1] }}, damage: true, want: missing},
		"a channel that was deleted since it was listed leaves an extra one": {
			source: odd{channel: func(int) error { return gone }}, want: []verify.Difference{{Class: verify.Extra, Kind: migrate.KindChannels}}},
		"a channel that was deleted before the second look leaves an extra one": {
			source: odd{channel: func(n int) error { return []error{nil, gone}[n-1] }}, damage: true, want: []verify.Difference{{Class: verify.Extra, Kind: migrate.KindChannels}}},
		"a channel that cannot be read ends the comparison": {source: odd{channel: func(int) error { return errListBroke }}, err: errListBroke},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := rig.Migrated(t, rig.WholeScenario())
				if c.damage {
					require.NoError(t, m.Target.DeleteMessage(t.Context(), m.Service, m.Conversation, m.Messages(t)[2].SID))
				}
				c.source.Source = m.Source(&transport.Counter{})
				got, all, err := compareWith(t, m, &c.source, nil)
				require.False(t, got.Equal)
				if c.err != nil {
					require.ErrorIs(t, err, c.err)
					return
				}
				require.NoError(t, err)
				require.Equal(t, c.want, named(all))
				require.Zero(t, got.Compared[migrate.KindChannels], "what could not be read was not compared")
			})
		})
	}

	for name, c := range map[string]struct {
		user error
		want []verify.Difference
	}{
		"a user who makes no sense is missing":          {unreadable, []verify.Difference{{Class: verify.Missing, Kind: migrate.KindUsers, SourceSID: rig.SidOf("US", 0)}}},
		"a user who cannot be read ends the comparison": {errListBroke, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := changeSource(t, nil, serviceDir+"users.jsonl", replaced(`"attributes":"{\"n\":0}"`, `"attributes":null`))
				got, all, err := compareWith(t, m.Mutant, &odd{Source: m.source, user: c.user}, nil)
				require.False(t, got.Equal)
				if c.want == nil {
					require.ErrorIs(t, err, c.user)
					return
				}
				require.NoError(t, err)
				require.Equal(t, c.want, named(all))
				require.EqualValues(t, 1, got.Compared[migrate.KindUsers])
			})
		})
	}
}

func TestWhereTheServiceIs(t *testing.T) {
	t.Run("a service that nobody migrated is missing, and a repair says what to run", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			m := rig.Migrated(t, rig.WholeScenario())
			require.NoError(t, m.Target.DeleteService(t.Context(), m.Service))
			_, err := m.Target.AppendService(t.Context(), conversations.Service{FriendlyName: "scenario"})
			require.NoError(t, err)
			_, err = m.Target.AppendService(t.Context(), conversations.Service{FriendlyName: "another"})
			require.NoError(t, err)
			v, all := m.Verify(t.Context())
			require.Equal(t, []verify.Difference{{Class: verify.Missing, Kind: migrate.KindServices, SourceSID: rig.ScenarioService}}, named(all))
			require.False(t, v.Equal)
			require.Empty(t, v.Services[0].TargetSID)
			writes := m.Emulator.Stats().Conversations.Writes
			m.Ledger += ".other"
			got, repairs := m.Repair(t, true)
			require.EqualValues(t, 1, got.Impossible)
			require.Equal(t, "it was not migrated; run: chatbridge migrate", repairs[0].Reason)
			require.Equal(t, writes, m.Emulator.Stats().Conversations.Writes)
		})
	})

	t.Run("conversations without a stamp are found by their name, and their service by what they hold", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			plan := rig.WholeScenario()
			r := rig.NewRig(t, emulatorOf(plan))
			r.Settings.Mapper = mapping.Mapper{NoStamp: true}
			m := r.Migrated(t)
			for _, service := range []string{"", m.Service} {
				m.Settings.ToService = service
				v, all := m.Verify(t.Context())
				require.Empty(t, all)
				require.True(t, v.Equal)
				require.Equal(t, m.Service, v.Services[0].TargetSID)
			}
		})
	})

	t.Run("a channel that was not migrated is missing, and a repair says what to run", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			m := rig.Migrated(t, rig.ManyChannels(2))
			require.NoError(t, m.Target.DeleteConversation(t.Context(), m.Service, m.Conversation))
			for name, ledger := range map[string]string{"with": m.Ledger, "without": m.Ledger + ".other"} {
				m.Ledger = ledger
				got, all := m.Repair(t, true)
				require.Len(t, all, 1, name)
				require.Equal(t, verify.Missing, all[0].Class, name)
				require.Equal(t, "it was not migrated; run: chatbridge migrate", all[0].Reason, name)
				require.EqualValues(t, 1, got.Impossible, name)
				require.EqualValues(t, 2, got.Compared[migrate.KindChannels], name)
			}
		})
	})

	t.Run("a second conversation with the stamp of a channel is doubled", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			m := rig.Migrated(t, rig.WholeScenario())
			one, err := m.Target.Conversation(t.Context(), m.Service, m.Conversation)
			require.NoError(t, err)
			again, err := m.Target.AppendConversation(t.Context(), m.Service, conversations.Conversation{Attributes: one.Attributes})
			require.NoError(t, err)
			l := openLedger(t, m)
			got, all, err := compareWith(t, m, m.Source(&transport.Counter{}), l)
			require.NoError(t, err)
			require.NoError(t, l.Close())
			require.Equal(t, []verify.Difference{{Class: verify.Doubled, Kind: migrate.KindChannels, SourceSID: rig.SidOf("CH", 0)}}, named(all))
			require.Equal(t, again.SID, all[0].TargetSID)
			require.Contains(t, all[0].Detail, m.Conversation)
			require.False(t, got.Equal)
		})
	})
}

// TestComparisonThatCannotReadTheLedger has each call of the ledger fail.
func TestComparisonThatCannotReadTheLedger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := rig.Migrated(t, rig.WholeScenario())
		_, err := m.Emulator.PostAs(m.Conversation, rig.IdentityOf(0), "hello")
		require.NoError(t, err)
		sqlite := openLedger(t, m)
		defer func() { require.NoError(t, sqlite.Close()) }()
		hits := map[string]bool{}
		for at := 1; ; at++ {
			l := &rig.Torn{Ledger: sqlite, At: at}
			got, _, err := compareWith(t, m, m.Source(&transport.Counter{}), l)
			if l.Hit() == "" {
				require.NoError(t, err)
				require.True(t, got.Equal)
				break
			}
			require.ErrorIs(t, err, rig.ErrTorn, l.Hit())
			require.False(t, got.Equal, l.Hit())
			hits[l.Hit()] = true
		}
		require.Subset(t, slices.Collect(maps.Keys(hits)), []string{"read service", "read entity", "read channel", "read messages"})
	})
}

func TestStopsWhenToldTo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := rig.Migrated(t, rig.WholeScenario())
		require.NoError(t, m.Target.DeleteMessage(t.Context(), m.Service, m.Conversation, m.Messages(t)[5].SID))
		ctx, cancel := context.WithCancel(t.Context())
		began := time.Now()
		time.AfterFunc(m.Settings.Settle/2, cancel)
		got, _, err := repairWith(ctx, t, m, &rig.Torn{})
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, m.Settings.Settle/2, time.Since(began), "it was waiting for the second look")
		require.Zero(t, got.Done)
		require.False(t, got.Equal)
		again, _, err := repairWith(t.Context(), t, m, &rig.Torn{})
		require.NoError(t, err)
		require.True(t, again.Equal)
	})
}
