package replay_test

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/replay"
	"chatbridge/migrate/sqlite"
)

// joins reports whether a participant is added.
func (x exchange) joins() bool { return x.Write() && len(x.Path) == 6 && x.Path[5] == "Participants" }

// A run that was told to stop leaves nothing in flight but what had no answer. The next
// one waits for that, in its channel if it is a message, and for nothing else.
func TestWaitsForWhatAStoppedRunLeft(t *testing.T) {
	const settle = 10 * time.Second
	message := func(x exchange) bool { return x.appends("") }
	plan := rig.ManyChannels(6)
	for i := range plan.Channels {
		for n := range 100 {
			plan.Channels[i].Messages = append(plan.Channels[i].Messages, rig.MsgPlan{Author: n % 3, Body: fmt.Sprint(n)})
		}
	}
	for name, c := range map[string]struct {
		lose  func(exchange) bool // whose answer is lost; then the run is told to stop
		late  time.Duration       // after that the first of them takes effect; never if 0
		kill  bool
		again bool // a run between is told to stop at once
		all   bool // channels wait
	}{
		"nothing, for all was answered":                {},
		"nothing, though another was stopped between":  {again: true},
		"one message, which lands late":                {lose: message, late: 8 * time.Second},
		"one message, which never lands":               {lose: message},
		"one message, though another was between":      {lose: message, late: 8 * time.Second, again: true},
		"a participant":                                {lose: exchange.joins, all: true},
		"a participant, though another was between":    {lose: exchange.joins, all: true, again: true},
		"whatever it sent last when it was killed":     {kill: true, all: true},
		"the same, though another was stopped between": {kill: true, all: true, again: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, m := between(t, emulator.Config{Archive: plan.Archive(), Latency: 200 * time.Millisecond, Unkind: emulator.Unkind{IndexGaps: -1}})
				r.Settings.Settle, r.Settings.Concurrency = settle, 3
				began, left, lost := time.Now(), time.Time{}, ""
				told := make(chan struct{})
				var mu sync.Mutex
				tell := sync.OnceFunc(func() { left = time.Now(); close(told) })
				m.do(func(x exchange) bool {
					mu.Lock()
					defer mu.Unlock()
					switch {
					case time.Since(began) < 2*settle: // what a lost ledger may have left is settled then
						return false
					case c.lose == nil:
						tell()
						return false
					case !c.lose(x) || lost != "" && lost != x.Path[4]:
						return false
					}
					if tell(); lost == "" && c.late > 0 {
						time.AfterFunc(c.late, func() { x.commit() })
					}
					lost, left = x.Path[4], time.Now()
					x.lose()
					return true
				})
				if c.kill {
					require.True(t, r.Killed(t, rig.Kill{Write: 200, After: true}))
					left = time.Now()
				} else {
					_, err := (&calls{}).run(t.Context(), t, r, func(m *replay.Migration) { m.Drain = told })
					require.Equal(t, migrate.Interrupted, migrate.KindOf(err))
				}
				m.rest()
				if c.again {
					_, err := (&calls{}).run(t.Context(), t, r, func(m *replay.Migration) { m.Drain = closedAfter(time.Second) })
					require.Equal(t, migrate.Interrupted, migrate.KindOf(err))
				}
				var wrote, looked time.Time // a message into any conversation; at those of the one in question
				m.do(func(x exchange) bool {
					mu.Lock()
					defer mu.Unlock()
					if wrote.IsZero() && x.appends("") {
						wrote = time.Now()
					}
					if looked.IsZero() && len(x.Path) == 6 && x.Path[4] == lost && x.Path[5] == "Messages" {
						looked = time.Now()
					}
					return false
				})
				next := time.Now()
				pass(t, r, migrate.Complete)
				require.Equal(t, c.all, wrote.Sub(left) >= settle, "written after %v", wrote.Sub(left))
				if !c.all {
					require.Less(t, wrote.Sub(next), settle)
				}
				if lost != "" {
					require.GreaterOrEqual(t, looked.Sub(left), settle)
				}
				m.rest()
				equalNow(t, r)
			})
		})
	}
}

func closedAfter(d time.Duration) <-chan struct{} {
	c := make(chan struct{})
	time.AfterFunc(d, func() { close(c) })
	return c
}

// A run that failed may not have noted what is in doubt, and knows nothing.
func TestOnlyARunThatEndedByItselfKnowsWhatItLeft(t *testing.T) {
	for name, fails := range map[string]bool{"complete": false, "failed": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := littleRig(t, little(t))
				c := &calls{before: func(one call) error {
					if fails && one.name == "source Services" {
						return refused("list services")
					}
					return nil
				}}
				began := time.Now()
				_, err := c.run(t.Context(), t, r)
				require.Equal(t, fails, err != nil)
				l, err := sqlite.OpenReader(t.Context(), r.Ledger)
				require.NoError(t, err)
				defer func() { require.NoError(t, l.Close()) }()
				last, _, err := l.LastRun(t.Context())
				require.NoError(t, err)
				if fails {
					require.Zero(t, last.Unanswered)
				} else {
					require.Equal(t, began.UTC(), last.Unanswered, "a ledger may take the place of one that was lost then")
				}
			})
		})
	}
}
