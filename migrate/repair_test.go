package migrate_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/sqlite"
	"chatbridge/migrate/transport"
)

func (m *mutant) repair(t *testing.T, execute bool) (migrate.Repairs, []migrate.Repair) {
	t.Helper()
	counter := &transport.Counter{}
	l, err := sqlite.Open(t.Context(), m.ledger)
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	target := m.rig.target(counter)
	var all []migrate.Repair
	r := migrate.Repairer{
		Verifier: migrate.Verifier{Source: m.source(counter), Target: target, Ledger: l, Observer: m.events, Settings: m.settings},
		Write:    target, Record: l, Execute: execute,
	}
	got, err := r.Run(t.Context(), func(one migrate.Repair) { all = append(all, one) })
	require.NoError(t, err)
	return got, all
}

func TestRepair(t *testing.T) {
	damaged := func(t *testing.T) *mutant {
		m := migrated(t, wholeScenario())
		ctx := t.Context()
		all := m.messages(t)
		// Horizons point at the fourth message, so the last two can go.
		for _, one := range all[4:] {
			require.NoError(t, m.target.DeleteMessage(ctx, m.service, m.conversation, one.SID))
		}
		changed := all[1]
		changed.Body, changed.Attributes = "changed", `{"changed":1}`
		require.NoError(t, m.target.SetMessage(ctx, m.service, m.conversation, changed))
		p := m.participants(t)[0]
		require.NoError(t, m.target.SetHorizon(ctx, m.service, m.conversation, p.SID, conversations.Horizon{LastReadMessageIndex: all[0].Index, DateUpdated: time.Now()}))
		_, _, err := m.target.EnsureUser(ctx, m.service, conversations.User{Identity: identityOf(0), FriendlyName: "changed", Attributes: `{"n":0}`})
		require.NoError(t, err)
		return m
	}

	t.Run("a preview writes nothing", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			m := damaged(t)
			before := m.emulator.Stats().Conversations.Writes
			got, all := m.repair(t, false)
			require.Equal(t, before, m.emulator.Stats().Conversations.Writes)
			require.NotZero(t, got.Possible)
			require.Zero(t, got.Done)
			require.False(t, got.Equal)
			require.NotEmpty(t, all)
		})
	})

	t.Run("brings back the tail, fields, horizons and dates, without a push, and the next run finds nothing to do", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			m := damaged(t)
			got, all := m.repair(t, true)
			require.True(t, got.Equal, "%+v %+v", got, all)
			require.Equal(t, got.Possible, got.Done)
			require.Zero(t, got.Impossible)
			require.Zero(t, m.emulator.Stats().Pushes)
			v, differences := m.verify(t.Context())
			require.Empty(t, differences)
			require.True(t, v.Equal)
			again, err := m.migrate(t.Context())
			require.NoError(t, err)
			require.Zero(t, again.Requests.Writes)
		})
	})

	t.Run("says what it cannot bring back: a gap in the middle, and what would have to be deleted", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			m := migrated(t, wholeScenario())
			all := m.messages(t)
			require.NoError(t, m.target.DeleteMessage(t.Context(), m.service, m.conversation, all[1].SID))
			m.put(t, all[3])
			m.restoreDates(t)
			before := m.emulator.Stats().Conversations.Writes
			got, repairs := m.repair(t, true)
			require.Equal(t, before, m.emulator.Stats().Conversations.Writes)
			require.EqualValues(t, 2, got.Impossible)
			require.Zero(t, got.Possible)
			for _, one := range repairs {
				require.NotEmpty(t, one.Reason)
			}
		})
	})
}
