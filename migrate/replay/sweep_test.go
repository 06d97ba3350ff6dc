package replay_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/replay"
)

// TestNoAnswerIsIgnored breaks each call of a run, one at a time. Whatever
// breaks for good ends the run, which says so, and running again completes.
func TestNoAnswerIsIgnored(t *testing.T) {
	// What is lost by these is said in other ways: a key may be refused the
	// invites, webhooks, bindings and credentials, and the ledger that takes no failure takes nothing
	// else.
	borne := []string{"source Invites", "source Credentials", "source UserChannels", "source Webhooks", "source Bindings", "ledger PutFailure"}
	var some sweep
	for _, w := range worlds() {
		t.Run(w.name, func(t *testing.T) {
			made := some.of(callsOf(t, w))
			for _, of := range []string{"source", "target", "ledger"} {
				t.Run(of, func(t *testing.T) {
					for _, at := range made {
						if side(at) != of || slices.Contains(borne, at.name) {
							continue
						}
						synctest.Test(t, func(t *testing.T) {
							kind := migrate.Credentials
							if of == "ledger" {
								kind = migrate.Failed
							}
							broken := &migrate.Error{Op: "ask", Kind: kind, Err: fmt.Errorf("%s %d broke", at.name, at.nth)}
							r := w.make(t)
							c := &calls{after: w.after, before: func(one call) error {
								if one == at {
									return broken
								}
								return nil
							}}
							s, err := c.run(t.Context(), t, r)
							require.ErrorIs(t, err, broken, "%v", at)
							if at.name != "ledger PutRun" && at.name != "ledger Sync" {
								require.Equal(t, migrate.FailedStatus, s.Status, "%v", at)
							}
							carried(t, r, at)
						})
					}
				})
			}
		})
	}
}

// ofOneStep says whether a write is of one step with the call in which a run was
// told to stop: an empty service, and settings, which do no good in part.
func ofOneStep(write, at call) bool {
	switch write.name {
	case "target AppendService":
		return true
	case "target AppendRole":
		return at.name == "ledger PutAttempt" // which notes the create
	case "target SetNotifications":
		return write.nth == 1 || at.name == "target Configuration" // the first puts them off
	case "target SetRoleDefaults", "target SetWebhooks":
		return at.name == "target Configuration" || at.name == "target SetRoleDefaults"
	}
	return false
}

// inFlight is how many writes may begin when a run was told to stop in a call:
// none, but users are brought beside the lane, and what it will want is read beside it,
// so that the lane may have asked a moment before whether it may write.
func inFlight(w world, at call) int {
	beside := []string{"target EnsureUser", "ledger Entity", "ledger PutEntity", "ledger ClearFailures", "ledger ForgetFindings"}
	reads := side(at) != "ledger" && !at.write()
	if w.alone || !reads && !slices.Contains(beside, at.name) {
		return 0
	}
	return 1
}

// TestNoWriteAfterADrain closes the drain in each call of a run, one at a time.
// What is in flight ends, and no other write begins. A user may be in flight beside
// the lane, but for the worlds that have no lane or no users.
func TestNoWriteAfterADrain(t *testing.T) {
	alone := world{name: "a first run of a user", alone: true, make: func(t *testing.T) *rig.Rig {
		return littleRig(t, rig.Scenario{Users: 1}.Archive())
	}, from: "source Users"}
	var some sweep
	for _, w := range append(worlds(), alone) {
		t.Run(w.name, func(t *testing.T) {
			for _, at := range some.of(callsOf(t, w)) {
				synctest.Test(t, func(t *testing.T) {
					r := w.make(t)
					drain := make(chan struct{})
					var mu sync.Mutex
					var late []call
					c := &calls{after: w.after}
					c.before = func(one call) error {
						select {
						case <-drain:
							if beside := one.name == "target EnsureUser" && !w.alone; one.write() && !beside && !ofOneStep(one, at) {
								mu.Lock()
								late = append(late, one)
								mu.Unlock()
							}
						default:
						}
						if one == at {
							close(drain)
						}
						return nil
					}
					s, err := c.run(t.Context(), t, r, func(m *replay.Migration) { m.Drain = drain })
					require.LessOrEqual(t, len(late), inFlight(w, at), "%v: %v", at, late)
					if err == nil {
						require.Equal(t, migrate.Complete, s.Status, "%v", at)
					} else {
						require.ErrorIs(t, err, migrate.ErrDrained, "%v", at)
					}
					if err != nil && c.times("target Roles") > 0 {
						require.Equal(t, migrate.Interrupted, migrate.KindOf(err), "%v", at)
						require.Equal(t, migrate.InterruptedStatus, s.Status, "%v", at)
						require.NotEmpty(t, migrate.HintOf(err))
					}
					require.Equal(t, s.Status, lastRun(t, r).Status)
				})
			}
		})
	}
}

// TestCancelled cancels the context in each call of a run, one at a time. The
// ledger has the end of the run all the same.
func TestCancelled(t *testing.T) {
	var some sweep
	for _, w := range worlds()[:2] {
		t.Run(w.name, func(t *testing.T) {
			for _, at := range some.of(callsOf(t, w)) {
				synctest.Test(t, func(t *testing.T) {
					r := w.make(t)
					ctx, cancel := context.WithCancelCause(t.Context())
					defer cancel(nil)
					var mu sync.Mutex
					var late []call
					var told atomic.Bool // which the context says a moment before all that came of it do
					c := &calls{after: w.after, before: func(one call) error {
						if told.Load() && one.write() && one.name != "target EnsureUser" && !ofOneStep(one, at) {
							mu.Lock()
							late = append(late, one)
							mu.Unlock()
						}
						if one == at {
							cancel(errors.New("told to stop"))
							told.Store(true)
						}
						return nil
					}}
					s, err := c.run(ctx, t, r)
					if err != nil && c.times("target Roles") > 0 {
						require.Equal(t, migrate.Interrupted, migrate.KindOf(err), "%v: %v", at, err)
					}
					require.LessOrEqual(t, len(late), inFlight(w, at), "%v: %v", at, late)
					if c.times("target Timers") > 0 { // the run has begun
						last := lastRun(t, r)
						require.Equal(t, s.Status, last.Status, "%v", at)
						require.False(t, last.EndedAt.IsZero(), "%v", at)
					}
				})
			}
		})
	}

	t.Run("while the run waits, it asks for nothing more, and says why", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := worlds()[1].make(t)
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			why := errors.New("told to stop")
			began := time.Now()
			time.AfterFunc(3500*time.Millisecond, func() { cancel(why) })
			c := &calls{}
			_, err := c.run(ctx, t, r)
			require.Equal(t, 3500*time.Millisecond, time.Since(began))
			require.ErrorIs(t, err, why)
			require.Equal(t, migrate.Interrupted, migrate.KindOf(err))
			require.Zero(t, c.times("target Roles"))
		})
	})
}
