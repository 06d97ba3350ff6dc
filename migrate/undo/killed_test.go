package undo_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/sqlite"
	"chatbridge/migrate/undo"
)

// migrates has a migration come to its end, and both sides be equal for good.
func migrates(t *testing.T, r *rig.Rig, _ string) {
	s, err := r.Migrate(t.Context())
	require.NoError(t, err)
	require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
	time.Sleep(time.Minute)
	_, differences := r.Verify(t.Context())
	require.Empty(t, differences)
}

// An undo is killed, and what it had sent lands when the next command is at work already;
// or it has no answer, and lands when the undo is over.
func TestCommandAfterAnUndoThatWasKilled(t *testing.T) {
	commands := map[string]func(*testing.T, *rig.Rig, string){
		"undo": func(t *testing.T, r *rig.Rig, before string) {
			_, all, err := r.Undo(t.Context(), true)
			require.NoError(t, err)
			time.Sleep(time.Minute)
			require.Equal(t, before, r.State(t), "%+v", all)
		},
		"migrate": migrates,
		"migrate, which is stopped before it begins, and migrate again": func(t *testing.T, r *rig.Rig, before string) {
			ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
			defer cancel()
			_, err := r.Migrate(ctx)
			require.Equal(t, migrate.Interrupted, migrate.KindOf(err), "%v", err)
			migrates(t, r, before)
		},
	}
	undone := map[string]func(*testing.T, *rig.Rig, *rig.Tripwire, int, time.Duration) bool{
		"killed at": func(t *testing.T, r *rig.Rig, _ *rig.Tripwire, write int, late time.Duration) bool {
			return r.UndoKilled(t, rig.Kill{Write: write, Late: late})
		},
		"killed before": func(t *testing.T, r *rig.Rig, _ *rig.Tripwire, write int, _ time.Duration) bool {
			return r.UndoKilled(t, rig.Kill{Write: write})
		},
		"killed after": func(t *testing.T, r *rig.Rig, _ *rig.Tripwire, write int, _ time.Duration) bool {
			return r.UndoKilled(t, rig.Kill{Write: write, After: true})
		},
		"without an answer to": func(t *testing.T, r *rig.Rig, wire *rig.Tripwire, write int, late time.Duration) bool {
			wire.Arm(rig.Trip{At: write, Late: late, Count: func(x *emulator.Exchange) bool { return x.Write() }})
			_, _, _ = r.Undo(t.Context(), true) // it may have had enough of it
			return wire.Disarm() != ""
		},
	}
	for how, undo := range undone {
		for name, next := range commands {
			if name != "migrate" && how != "killed at" {
				continue
			}
			for _, toService := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s, into a service that was there: %t, %s", name, toService, how), func(t *testing.T) {
					cut := 0
					// The first is the claim, then come six conversations, and the service or its people.
					for _, write := range []int{2, 7, 8, 9, 11, 13} {
						t.Run(fmt.Sprint("write ", write), func(t *testing.T) {
							synctest.Test(t, func(t *testing.T) {
								wire := &rig.Tripwire{}
								r := rig.NewRig(t, emulator.Config{Archive: manyPlans().Archive(), Intercept: wire.Intercept})
								there := r.Inhabit(t)
								if toService {
									r.Settings.ToService = there
								}
								before := r.State(t)
								_, err := r.Migrate(t.Context())
								require.NoError(t, err)
								time.Sleep(time.Hour)
								if undo(t, r, wire, write, 9*time.Second) {
									cut++
								}
								next(t, r, before)
							})
						})
					}
					require.GreaterOrEqual(t, cut, 3)
				})
			}
		}
	}
}

// What an undo left alone of a channel that was not done is not done either.
func TestKilledUndoOfAMigrationThatWasStopped(t *testing.T) {
	partial := 0
	for write := 4; write <= 8; write++ {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Archive: manyPlans().Archive()})
			r.Settings.Concurrency = 1
			require.True(t, r.Killed(t, rig.Kill{Write: 37, Cut: true}))
			time.Sleep(time.Hour)
			was := stages(t, r)
			r.UndoKilled(t, rig.Kill{Write: write})
			for sid, is := range stages(t, r) {
				if is == migrate.Leaving && was[sid] < migrate.Copied {
					partial++
				}
			}
			migrates(t, r, "")
		})
	}
	require.Positive(t, partial)
}

func stages(t *testing.T, r *rig.Rig) map[string]migrate.Stage {
	t.Helper()
	all := map[string]migrate.Stage{}
	l, err := sqlite.OpenReader(t.Context(), r.Ledger)
	require.NoError(t, err)
	for c, err := range l.Channels(t.Context(), rig.ScenarioService) {
		require.NoError(t, err)
		all[c.SourceSID] = c.Stage
	}
	require.NoError(t, l.Close())
	return all
}

// A migration is killed, and undone at once. What is left then is named, and goes when the
// migration was brought to its end first.
func TestUndoOfAMigrationThatWasKilled(t *testing.T) {
	for _, toService := range []bool{false, true} {
		for write := 3; write <= 60; write += 5 {
			for _, k := range []rig.Kill{{Late: 9 * time.Second}, {After: true}} {
				k.Write = write
				t.Run(fmt.Sprintf("at write %d, which lands: %v, into a service that was there: %t", write, k.Late > 0, toService), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						r := rig.NewRig(t, emulator.Config{Archive: manyPlans().Archive()})
						there := r.Inhabit(t)
						if toService {
							r.Settings.ToService = there
						}
						before := r.State(t)
						require.True(t, r.Killed(t, k))
						_, all, err := r.Undo(t.Context(), true)
						require.NoError(t, err)
						time.Sleep(time.Minute)
						if !slices.ContainsFunc(all, func(one undo.Removal) bool { return one.Fate == undo.Keep && one.TargetSID != there }) {
							require.Equal(t, before, r.State(t), "%+v", all)
							return
						}
						migrates(t, r, before)
						_, all, err = r.Undo(t.Context(), true)
						require.NoError(t, err)
						if !toService { // or what was found in it stays
							require.Equal(t, before, r.State(t), "%+v", all)
						}
					})
				})
			}
		}
	}
}

// An undo that finds nothing to do does not make the next migration forget what the one
// before may have underway.
func TestUndoOfNothingAfterAMigrationThatWasKilled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rig.NewRig(t, emulator.Config{Archive: rig.WholeScenario().Archive()})
		require.True(t, r.Killed(t, rig.Kill{Write: 1, Late: 9 * time.Second}))
		_, all, err := r.Undo(t.Context(), true)
		require.NoError(t, err)
		require.Empty(t, all)
		migrates(t, r, "")
		require.Len(t, r.ServicesThere(t), 1)
	})
}
