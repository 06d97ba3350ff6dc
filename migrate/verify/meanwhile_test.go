package verify_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/verify"
)

// TestWhatPeopleDoMeanwhile is what people do in the target while both sides are
// compared: no difference, and nothing to repair.
func TestWhatPeopleDoMeanwhile(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(*testing.T, *rig.Mutant)
		kind string
	}{
		"somebody joins": {func(t *testing.T, m *rig.Mutant) {
			_, _, err := m.Target.EnsureParticipant(t.Context(), m.Service, m.Conversation, conversations.Participant{Identity: "new"}, nil)
			require.NoError(t, err)
		}, migrate.KindMembers},
		"somebody reads on": {func(t *testing.T, m *rig.Mutant) {
			p := m.Participants(t)[0]
			require.NoError(t, m.Target.SetHorizon(t.Context(), m.Service, m.Conversation, p.SID, conversations.Horizon{LastReadMessageIndex: m.Messages(t)[5].Index, LastReadTimestamp: time.Now(), DateUpdated: time.Now()}))
		}, migrate.KindMembers},
		"somebody writes": {func(t *testing.T, m *rig.Mutant) {
			_, err := m.Emulator.PostAs(m.Conversation, rig.IdentityOf(0), "hello")
			require.NoError(t, err)
		}, migrate.KindMessages},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := rig.Migrated(t, rig.WholeScenario())
				c.do(t, m)
				v, all := m.Verify(t.Context())
				require.Len(t, all, 1)
				require.Equal(t, verify.Foreign, all[0].Class)
				require.Equal(t, c.kind, all[0].Kind)
				require.True(t, v.Equal)
				require.Equal(t, map[verify.Class]int64{verify.Foreign: 1}, v.Differences)
				require.EqualValues(t, 1, v.Compared[migrate.KindChannels])
				require.EqualValues(t, 2, v.Compared[migrate.KindMembers])
				require.EqualValues(t, 6, v.Compared[migrate.KindMessages])
				writes := m.Emulator.Stats().Conversations.Writes
				got, repairs := m.Repair(t, true)
				require.Empty(t, repairs)
				require.True(t, got.Equal)
				require.Equal(t, writes+rig.ClaimWrites, m.Emulator.Stats().Conversations.Writes)
			})
		})
	}
}
