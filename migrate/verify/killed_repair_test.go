package verify_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
)

// shattered is a migration of which a repair brings back one of everything, a role and a
// participant among it.
func shattered(t *testing.T) (*rig.Mutant, *rig.Tripwire) {
	m, wire := wired(t, rig.WholeScenario())
	ruin(t, m)
	require.NoError(t, m.Target.DeleteRole(t.Context(), m.Service, m.Roles(t)["Reader"]))
	require.NoError(t, m.Emulator.LeaveAs(m.Conversation, rig.IdentityOf(1)))
	time.Sleep(time.Hour)
	return m, wire
}

// A repair is killed, and what it had sent lands when the next command is at work
// already. That one waits for it: else it would be there twice.
func TestCommandAfterARepairThatWasKilled(t *testing.T) {
	for name, next := range map[string]func(*testing.T, *rig.Mutant){
		"verify --repair": func(*testing.T, *rig.Mutant) {},
		"migrate": func(t *testing.T, m *rig.Mutant) {
			s, err := m.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status)
		},
	} {
		t.Run(name, func(t *testing.T) {
			killed := 0
			for write := 1; write <= 24; write++ {
				for _, late := range []time.Duration{time.Second, 9 * time.Second} {
					t.Run(fmt.Sprintf("write %d lands after %v", write, late), func(t *testing.T) {
						synctest.Test(t, func(t *testing.T) {
							m, _ := shattered(t)
							if m.RepairKilled(t, rig.Kill{Write: write, Late: late}) {
								killed++
							}
							next(t, m)
							got, all := m.Repair(t, true)
							require.True(t, got.Equal, "%+v", all)
							time.Sleep(time.Minute)
							require.Len(t, m.Messages(t), 6)
							require.Len(t, m.RolesNamed(t, "Reader"), 1)
							_, differences := m.Verify(t.Context())
							require.Empty(t, differences)
						})
					})
				}
			}
			require.Greater(t, killed, 40)
		})
	}
}

// A write of a repair has no answer, and lands when its next pass would have looked
// already: nothing of the channels takes its time in the first one.
func TestRepairWaitsForWhatHadNoAnswer(t *testing.T) {
	const writes = 8
	for write := 1; write <= writes; write++ {
		t.Run(fmt.Sprint("write ", write), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m, wire := wired(t, rig.WholeScenario())
				require.NoError(t, m.Target.DeleteRole(t.Context(), m.Service, m.Roles(t)["Reader"]))
				for i := range 2 {
					_, err := m.Target.SetUser(t.Context(), m.Service, conversations.User{SID: m.User(t, rig.IdentityOf(i)).SID, FriendlyName: "changed"})
					require.NoError(t, err)
				}
				wire.Arm(rig.Trip{At: write, Late: 9 * time.Second, Count: func(x *emulator.Exchange) bool { return x.Write() }})
				got, all := m.Repair(t, true)
				require.NotEmpty(t, wire.Disarm())
				require.True(t, got.Equal, "%+v", all)
				time.Sleep(time.Minute)
				require.Len(t, m.RolesNamed(t, "Reader"), 1)
				_, differences := m.Verify(t.Context())
				require.Empty(t, differences)
			})
		})
	}
}
