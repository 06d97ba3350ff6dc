package verify_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/transport"
	"chatbridge/migrate/undo"
	"chatbridge/migrate/verify"
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
// already: nothing of the channels takes its time in the first one. The ledger knows of
// what it created all the same.
func TestRepairWaitsForWhatHadNoAnswer(t *testing.T) {
	for _, toService := range []bool{false, true} {
		for write := 1; write <= 8; write++ {
			t.Run(fmt.Sprintf("write %d, in a service that was there: %t", write, toService), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					wire := &rig.Tripwire{}
					r := rig.NewRig(t, emulator.Config{Archive: rig.WholeScenario().Archive(), Intercept: wire.Intercept})
					if there := r.Inhabit(t); toService {
						r.Settings.ToService = there
					}
					before := r.State(t)
					m := r.Migrated(t)
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
					_, kept, err := m.Undo(t.Context(), true)
					require.NoError(t, err)
					require.Equal(t, before, m.State(t), "%+v", kept)
				})
			})
		}
	}
}

// A role and who has it are missing: they get it, though nobody could change it later
// without a ledger that says whose they are.
func TestRepairOfARoleAndWhoHasIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rig.NewRig(t, emulator.Config{Archive: rig.WholeScenario().Archive()})
		r.Settings.ToService = r.Inhabit(t)
		target := r.Target(&transport.Counter{})
		repair := verify.Repairer{
			Verifier: verify.Verifier{Source: r.Source(&transport.Counter{}), Target: target, Observer: r.Events, Settings: r.Settings},
			Write:    target, Execute: true,
		}
		got, err := repair.Run(t.Context(), func(verify.Repair) {})
		require.NoError(t, err)
		require.EqualValues(t, 5, got.Done, "three roles, and two users")
		require.Equal(t, map[verify.Class]int64{verify.Missing: 1}, got.Differences, "a channel, which a repair does not make")
	})
}

// A create that was answered is no doubt: else an undo would take what somebody makes
// later for what it left behind.
func TestRepairLeavesNoDoubt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := rig.Migrated(t, rig.WholeScenario())
		require.NoError(t, m.Target.DeleteRole(t.Context(), m.Service, m.Roles(t)["Reader"]))
		got, _ := m.Repair(t, true)
		require.True(t, got.Equal)
		m.InLedger(t, func(l migrate.Ledger) {
			for a, err := range l.Attempts(t.Context(), rig.ScenarioService) {
				require.NoError(t, err)
				require.Fail(t, "it is in doubt", "%+v", a)
			}
		})
	})
}

// Somebody deleted the whole service that the ledger names.
func TestServiceThatIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, _ := wired(t, rig.WholeScenario())
		require.NoError(t, m.Target.DeleteService(t.Context(), m.Service))
		for _, execute := range []bool{false, true} {
			got, all := m.Repair(t, execute)
			require.Zero(t, got.Done)
			require.False(t, got.Equal)
			require.Len(t, all, 1)
			require.Equal(t, verify.Missing, all[0].Class)
			require.Equal(t, migrate.KindServices, all[0].Kind)
			require.Equal(t, m.Service, all[0].TargetSID)
			require.Contains(t, all[0].Detail, "gone")
		}

		_, err := m.Migrate(t.Context())
		require.Equal(t, migrate.NotFound, migrate.KindOf(err), "%v", err)
		require.ErrorContains(t, err, m.Service)
		require.Contains(t, migrate.HintOf(err), "chatbridge undo --execute --service "+rig.ScenarioService, "of all that the ledger has, only that")
		_, _, err = m.Undo(t.Context(), true)
		require.NoError(t, err)
		m.UntilDone(t)
		_, differences := m.Verify(t.Context())
		require.Empty(t, differences)
	})
}

// A repair finishes what another command was killed at, and the ledger knows what it
// created: a later migration goes on with it, and an undo takes it along.
func TestRepairAfterACommandThatWasKilled(t *testing.T) {
	for name, killed := range map[string]func(*testing.T, *rig.Rig, rig.Kill) bool{
		"migrate": func(t *testing.T, r *rig.Rig, k rig.Kill) bool { return r.Killed(t, k) },
		"undo": func(t *testing.T, r *rig.Rig, k rig.Kill) bool {
			_, err := r.Migrate(t.Context())
			require.NoError(t, err)
			time.Sleep(time.Hour)
			return r.UndoKilled(t, k)
		},
	} {
		for _, toService := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, into a service that was there: %t", name, toService), func(t *testing.T) {
				for write := 2; write <= 12; write += 2 {
					for _, k := range []rig.Kill{{Late: 9 * time.Second}, {After: true}} {
						k.Write = write
						t.Run(fmt.Sprintf("write %d, which lands late: %t", write, k.Late > 0), func(t *testing.T) {
							synctest.Test(t, func(t *testing.T) {
								r := rig.NewRig(t, emulator.Config{Archive: rig.WholeScenario().Archive()})
								there := r.Inhabit(t)
								if toService {
									r.Settings.ToService = there
								}
								before := r.State(t)
								killed(t, r, k)
								m := &rig.Mutant{Rig: r, Target: r.Target(&transport.Counter{})}
								m.Repair(t, true)
								s, err := m.Migrate(t.Context())
								if migrate.KindOf(err) == migrate.NotFound {
									require.Contains(t, migrate.HintOf(err), "chatbridge undo --execute --service "+rig.ScenarioService, "of all that the ledger has, only that")
								} else {
									require.NoError(t, err)
									require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
									time.Sleep(time.Minute)
									_, differences := m.Verify(t.Context())
									require.Empty(t, differences)
								}
								_, all, err := m.Undo(t.Context(), true)
								require.NoError(t, err)
								// Who made a thing in a service of others that was not noted any more, nobody can tell.
								if name != "migrate" || !toService || !slices.ContainsFunc(all, func(one undo.Removal) bool { return one.Fate == undo.Keep && one.TargetSID != there }) {
									require.Equal(t, before, m.State(t), "%+v", all)
								}
							})
						})
					}
				}
			})
		}
	}
}
