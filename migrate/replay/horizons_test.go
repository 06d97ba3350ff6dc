package replay_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
)

// After the cut-over people read on in the target. A horizon that went back
// would show them as unread what they have read, and push it to them again.
func TestHorizonsNeverMoveBack(t *testing.T) {
	for name, ledger := range map[string]string{"the same ledger": "", "a new ledger": ".new"} {
		t.Run("under "+name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := rig.Migrated(t, rig.WholeScenario())
				last := m.Messages(t)[5]
				reader := m.Participants(t)[0]
				further := conversations.Horizon{LastReadMessageIndex: last.Index, LastReadTimestamp: time.Now().UTC().Truncate(time.Second), DateUpdated: time.Now().Truncate(time.Second)}
				require.NoError(t, m.Target.SetHorizon(t.Context(), m.Service, m.Conversation, reader.SID, further))
				reader = m.Participants(t)[0]

				m.Ledger += ledger
				s, err := m.Migrate(t.Context())
				require.NoError(t, err)
				require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
				now := m.Participants(t)[0]
				require.Equal(t, last.Index, *now.LastReadMessageIndex)
				require.Equal(t, reader.LastReadTimestamp, now.LastReadTimestamp)
				if ledger != "" {
					require.EqualValues(t, 1, rig.TimesFound(s.ThisRun)[mapping.HorizonKept])
				}
				v, differences := m.Verify(t.Context())
				require.True(t, v.Equal, "%+v", differences)
			})
		})
	}

	for _, at := range []string{"target Participants", "target SetHorizon"} {
		t.Run("nor after a pause that began after "+at, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := rig.WholeScenario()
				s.Channels[0].Read = []int{3, 3}
				m := rig.In(rig.NewRig(t, emulator.Config{Archive: s.Archive()}), "")
				p, failed := &migrate.Pause{}, make(chan error, 1)
				c := &calls{after: func(one call) error {
					if one == (call{at, 1}) {
						p.Set("lunch")
						time.AfterFunc(time.Hour, func() {
							failed <- readOn(t.Context(), m)
							p.Set("")
						})
					}
					return nil
				}}
				sum, err := c.run(migrate.WithPause(t.Context(), p), t, m.Rig)
				require.NoError(t, err)
				require.Equal(t, migrate.Complete, sum.Status, "%+v", sum.Failures)
				require.NoError(t, <-failed)
				for _, p := range m.Participants(t) {
					require.Equal(t, m.Messages(t)[5].Index, *p.LastReadMessageIndex)
				}
			})
		})
	}

	t.Run("nor in the time when the same message was read", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			m := rig.Migrated(t, rig.WholeScenario())
			reader := m.Participants(t)[0]
			again := conversations.Horizon{LastReadMessageIndex: *reader.LastReadMessageIndex, LastReadTimestamp: time.Now().UTC().Truncate(time.Second), DateUpdated: reader.DateUpdated}
			require.NoError(t, m.Target.SetHorizon(t.Context(), m.Service, m.Conversation, reader.SID, again))
			m.Ledger += ".new"
			_, err := m.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, again.LastReadTimestamp, m.Participants(t)[0].LastReadTimestamp)
			v, differences := m.Verify(t.Context())
			require.True(t, v.Equal, "%+v", differences)
		})
	})
}

// readOn has everybody in the one conversation of a target read its last message.
func readOn(ctx context.Context, m *rig.Mutant) error {
	for s, err := range m.Target.Services(ctx) {
		if err != nil {
			return err
		}
		m.Service = s.SID
	}
	for c, err := range migrate.WithoutClaim(m.Target).Conversations(ctx, m.Service) {
		if err != nil {
			return err
		}
		m.Conversation = c.SID
	}
	var last int64
	for one, err := range m.Target.Messages(ctx, m.Service, m.Conversation, false) {
		if err != nil {
			return err
		}
		last = one.Index
	}
	for p, err := range m.Target.Participants(ctx, m.Service, m.Conversation) {
		if err != nil {
			return err
		}
		if err := m.Target.SetHorizon(ctx, m.Service, m.Conversation, p.SID, conversations.Horizon{LastReadMessageIndex: last}); err != nil {
			return err
		}
	}
	return nil
}
