package replay_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/replay"
	"chatbridge/migrate/sqlite"
	"chatbridge/migrate/transport"
)

// ran runs a migration that is told to stop in some way.
func ran(t *testing.T, ctx context.Context, r *rig.Rig, drain <-chan struct{}) replay.Summary {
	t.Helper()
	l, err := sqlite.Open(t.Context(), r.Ledger)
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	counter := &transport.Counter{}
	m := replay.Migration{Source: r.Source(counter), Target: r.Target(counter), Ledger: l, Observer: r.Events, Settings: r.Settings, Traffic: counter.Traffic, Drain: drain}
	s, _ := m.Run(ctx)
	return s
}

func doubts(t *testing.T, r *rig.Rig) []migrate.DoubtRecord {
	t.Helper()
	l, err := sqlite.OpenReader(t.Context(), r.Ledger)
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	all, err := l.Doubts(t.Context(), rig.SidOf("CH", 0))
	require.NoError(t, err)
	return all
}

var four = []string{"one", "two", "three", "four"}

// An append that was cut, for whatever reason, is remembered: what lands after
// the run has ended is ours, or goes.
func TestAppendThatWasCut(t *testing.T) {
	for name, cut := range map[string]func(t *testing.T, r *rig.Rig) replay.Summary{
		"by the watchdog": func(t *testing.T, r *rig.Rig) replay.Summary {
			r.Settings.Watchdog = 20 * time.Second
			s := ran(t, t.Context(), r, nil)
			r.Settings.Watchdog = 0
			return s
		},
		"by its deadline, and the run told to stop while it settles": func(t *testing.T, r *rig.Rig) replay.Summary {
			drain := make(chan struct{})
			time.AfterFunc(35*time.Second, func() { close(drain) })
			return ran(t, t.Context(), r, drain)
		},
		"by a context that is cancelled": func(t *testing.T, r *rig.Rig) replay.Summary {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			return ran(t, ctx, r, nil)
		},
	} {
		for _, before := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s; it lands before the next run: %v", name, before), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r, m := between(t, emulator.Config{Archive: oneChannel(four...).Archive()})
					var land func() emulator.Reply
					m.do(func(x exchange) bool {
						if !x.appends("three") || land != nil {
							return false
						}
						land = x.commit
						x.aside(func() { <-x.r.Context().Done() })
						x.lose()
						return true
					})
					s := cut(t, r)
					require.NotEqual(t, migrate.Complete, s.Status)
					require.NotNil(t, land)
					require.Len(t, doubts(t, r), 1, "what was in flight is in doubt")
					require.EqualValues(t, 2, doubts(t, r)[0].SourceIndex)
					time.Sleep(time.Minute)
					if before {
						land()
						pass(t, r, migrate.Complete)
						require.Equal(t, four, bodies(t, r))
						equalNow(t, r)
						return
					}
					pass(t, r, migrate.Complete)
					require.Equal(t, four, bodies(t, r))
					time.Sleep(22 * time.Hour)
					land()
					require.Len(t, bodies(t, r), 5)
					s = pass(t, r, migrate.Complete)
					require.Contains(t, r.Events.Messages(), "removed a copy that landed late")
					require.Equal(t, four, bodies(t, r))
					equalNow(t, r)
					require.Zero(t, s.Counts[migrate.KindMessages].Written)
				})
			})
		}
	}
}

// A write without an answer is looked for by each pass for a day, and by none
// after it.
func TestDoubtIsForgottenAfterADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		quiet := func() int64 {
			r, _ := between(t, emulator.Config{Archive: oneChannel(four...).Archive()})
			pass(t, r, migrate.Complete)
			time.Sleep(time.Minute)
			return pass(t, r, migrate.Complete).Requests.Reads
		}()
		r, m := between(t, emulator.Config{Archive: oneChannel(four...).Archive()})
		lost := false
		m.do(func(x exchange) bool {
			if !x.appends("three") || lost {
				return false
			}
			lost = true
			x.lose()
			return true
		})
		pass(t, r, migrate.Complete)
		time.Sleep(23 * time.Hour)
		s := pass(t, r, migrate.Complete)
		require.Greater(t, s.Requests.Reads, quiet)
		require.EqualValues(t, rig.ClaimWrites, s.Requests.Writes)
		require.Len(t, doubts(t, r), 1)
		time.Sleep(2 * time.Hour)
		s = pass(t, r, migrate.Complete)
		require.Equal(t, quiet, s.Requests.Reads)
		require.Empty(t, doubts(t, r))
	})
}

// A create of a conversation that lands after the run leaves an empty one behind
// that the next pass removes.
func TestCreateThatLandsAfterTheRun(t *testing.T) {
	for _, unique := range []bool{false, true} {
		for _, stop := range []bool{false, true} {
			t.Run(fmt.Sprintf("with a unique name: %v, the run told to stop: %v", unique, stop), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					plan := oneChannel(four...)
					plan.Channels[0].Unique = unique
					r, m := between(t, emulator.Config{Archive: plan.Archive()})
					var land func() emulator.Reply
					m.do(func(x exchange) bool {
						if !x.creates() || land != nil {
							return false
						}
						land = x.commit
						x.lose()
						return true
					})
					var drain chan struct{}
					if stop {
						drain = make(chan struct{})
						time.AfterFunc(8*time.Second, func() { close(drain) })
					}
					ran(t, t.Context(), r, drain)
					require.NotNil(t, land)
					require.Len(t, doubts(t, r), 1)
					require.Equal(t, migrate.DoubtRecord{SourceIndex: migrate.NewConversation, After: -1, Sends: 1, At: doubts(t, r)[0].At}, doubts(t, r)[0])
					if stop {
						time.Sleep(time.Minute)
						pass(t, r, migrate.Complete)
					}
					time.Sleep(20 * time.Hour)
					landed := land().Status
					s := pass(t, r, migrate.Complete)
					if unique {
						require.Equal(t, 409, landed)
					} else {
						require.Contains(t, r.Events.Messages(), "removed an empty conversation that an unanswered request had left")
					}
					require.Equal(t, four, bodies(t, r))
					equalNow(t, r)
					require.Zero(t, s.Counts[migrate.KindMessages].Written)
				})
			})
		}
	}
}
