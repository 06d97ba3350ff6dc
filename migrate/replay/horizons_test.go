package replay_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
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
