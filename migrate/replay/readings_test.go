package replay_test

import (
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/replay"
	"chatbridge/migrate/sqlite"
	"chatbridge/migrate/transport"
)

const saidWaits = "waiting in case an unanswered request still lands"

// lists reports whether the messages of a conversation are listed, and not only
// the newest one of them asked for.
func (x exchange) lists() bool {
	return !x.Write() && len(x.Path) == 6 && x.Path[5] == "Messages" && x.Query.Get("PageSize") != "1"
}

// After a crash, readings that go on to differ stop the channel: six of them, a
// settle time apart each.
func TestReadingsThatNeverAgree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, m := between(t, emulator.Config{Archive: oneChannel("one", "two", "three", "four", "five", "six", "seven").Archive(), Latency: 300 * time.Millisecond, Unkind: emulator.Unkind{IndexGaps: -1}})
		require.True(t, r.Killed(t, rig.Kill{Write: 15, After: true}))
		there := bodies(t, r)
		require.Greater(t, len(there), 3)
		readings, at := 0, time.Time{}
		m.do(func(x exchange) bool {
			if !x.lists() {
				return false
			}
			readings++
			require.True(t, at.IsZero() || time.Since(at) >= r.Settings.Settle)
			at = time.Now()
			return hideNewest(x, readings%2)
		})
		s := pass(t, r, migrate.Partial)
		require.Contains(t, reasons(s), "each reading shows other messages of ours")
		require.Contains(t, reasons(s), "run the same command again")
		require.Equal(t, there, bodiesAtRest(t, r, m), "nothing is written")
		require.Equal(t, 6, readings)
		pass(t, r, migrate.Complete)
		require.Equal(t, []string{"one", "two", "three", "four", "five", "six", "seven"}, bodies(t, r))
	})
}

func bodiesAtRest(t *testing.T, r *rig.Rig, m *middle) []string {
	m.rest()
	return bodies(t, r)
}

// A message that this run wrote and that the list lacks at first is waited for.
func TestReadBackThatLagsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, m := between(t, emulator.Config{Archive: oneChannel(four...).Archive(), Unkind: emulator.Unkind{IndexGaps: -1}})
		hidden, fetched := false, false
		var at time.Time
		m.do(func(x exchange) bool {
			if x.fetches() {
				fetched = true
			}
			if !x.lists() {
				return false
			}
			if hidden {
				require.GreaterOrEqual(t, time.Since(at), r.Settings.Settle, "the second reading is a settle time later")
				return false
			}
			hidden, at = hideBody(x, "two"), time.Now()
			return hidden
		})
		s := pass(t, r, migrate.Complete)
		require.True(t, hidden)
		require.False(t, fetched, "the second reading shows it")
		require.Equal(t, 1, said(r, saidWaits))
		require.Zero(t, times(s, mapping.MessageDeleted))
		m.rest()
		equalNow(t, r)
	})
}

// A copy that landed late goes when the conversation is read back, and takes the
// doubt about its message with it. If one of both cannot be fetched, both stay.
func TestCopyThatLandedLate(t *testing.T) {
	for _, denied := range []int{0, 1, 2} {
		synctest.Test(t, func(t *testing.T) {
			r, m := between(t, emulator.Config{Archive: oneChannel(four...).Archive(), Unkind: emulator.Unkind{IndexGaps: -1}})
			sent, fetched := 0, 0
			m.do(func(x exchange) bool {
				switch {
				case x.appends("two"):
					if sent++; sent == 1 {
						time.AfterFunc(r.Settings.Settle+time.Second, func() { x.commit() })
						x.lose()
					}
				case x.appends("three"):
					x.aside(func() { time.Sleep(5 * time.Second) }) // until it landed
				case x.fetches():
					if fetched++; fetched == denied {
						emulator.Refusal(403, 20003, "no").WriteTo(x.w)
						return true
					}
				}
				return false
			})
			if denied > 0 {
				s, _ := r.Migrate(t.Context())
				require.NotEqual(t, migrate.Complete, s.Status)
				require.Zero(t, said(r, "removed a copy that landed late"))
				require.Len(t, bodiesAtRest(t, r, m), 5)
				require.Len(t, doubts(t, r), 1)
			}
			pass(t, r, migrate.Complete)
			require.Equal(t, 2, sent)
			require.Equal(t, 1, said(r, "removed a copy that landed late"))
			require.Equal(t, four, bodiesAtRest(t, r, m))
			require.Empty(t, doubts(t, r), "it landed")
		})
	}
}

// doneWith counts the messages that a run says it is done with.
type doneWith struct {
	*rig.Events
	messages atomic.Int64
}

func (d *doneWith) Done(kind string, n int64) {
	if kind == migrate.KindMessages {
		d.messages.Add(n)
	}
}

// What the summary counts of a channel in which each kind of thing happened.
func TestCountsOfMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _ := between(t, emulator.Config{Archive: oneChannel(four...).Archive()})
		pass(t, r, migrate.Complete)
		there := only(t, r)
		require.NoError(t, r.Emulator.DeleteAs(there.Conversation, messageOf(t, there, "two").SID))
		mirror(t, r, there.Conversation, "mirrored")
		_, err := r.Emulator.AppendToChannel(rig.SidOf("CH", 0), rig.IdentityOf(0), "five")
		require.NoError(t, err)
		time.Sleep(time.Hour)
		r.Ledger += ".new"
		l, err := sqlite.Open(t.Context(), r.Ledger)
		require.NoError(t, err)
		defer func() { require.NoError(t, l.Close()) }()
		counter, done := &transport.Counter{}, &doneWith{Events: r.Events}
		m := replay.Migration{Source: r.Source(counter), Target: r.Target(counter), Ledger: l, Observer: done, Settings: r.Settings}
		s, err := m.Run(t.Context())
		require.NoError(t, err)
		require.Equal(t, []string{"one", "three", "four", "mirrored", "five"}, bodies(t, r))
		require.EqualValues(t, 6, done.messages.Load(), "the run is done with each of them")
		require.Equal(t, migrate.KindCount{Source: 6, Written: 1, Existing: 4, LeftOut: 1}, s.Counts[migrate.KindMessages], "the deleted one is not written again")
	})
}

// A ledger that does not forget what the first reading noted ends the run before the
// second one, and before anything is written.
func TestLedgerThatForgetsNoReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := littleRig(t, little(t))
		cutOff(t, r, call{"target AppendMessage", 2}, false)
		lost := errors.New("the disk is full")
		c := &calls{before: func(one call) error {
			if one.name == "ledger ForgetMessages" {
				return lost
			}
			return nil
		}}
		_, err := c.run(t.Context(), t, r)
		require.ErrorIs(t, err, lost)
		require.Equal(t, 1, c.times("ledger ForgetMessages"))
		require.Equal(t, 1, c.times("target Messages"))
		require.Zero(t, c.times("target AppendMessage"))
		carried(t, r, "again")
	})
}

// What the first reading noted and the later ones do not show is not in the ledger when
// the lane writes on: a run that stops there resumes where it stopped.
func TestReadingsThatShowLessAndLess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := []string{"one", "two", "three", "four", "five", "six", "seven"}
		r, m := between(t, emulator.Config{Archive: oneChannel(all...).Archive(), Latency: 300 * time.Millisecond, Unkind: emulator.Unkind{IndexGaps: -1}})
		require.True(t, r.Killed(t, rig.Kill{Write: 17, After: true}))
		there := len(bodies(t, r))
		require.Greater(t, there, 3)
		forget(t, r, 0)
		readings, writes := 0, 0
		m.do(func(x exchange) bool {
			if x.lists() {
				if readings++; readings > 1 {
					return writes == 0 && hideNewest(x, there-2)
				}
			}
			if x.appends("") {
				if writes++; writes == 2 {
					emulator.Refusal(400, 20001, "no").WriteTo(x.w)
					return true
				}
			}
			return false
		})
		pass(t, r, migrate.Partial)
		require.Equal(t, 3, readings)
		m.rest()
		l, err := sqlite.Open(t.Context(), r.Ledger)
		require.NoError(t, err)
		newest, _, err := l.Newest(t.Context(), rig.SidOf("CH", 0))
		require.NoError(t, err)
		require.NoError(t, l.Close())
		require.EqualValues(t, 2, newest.SourceIndex, "the one that was written")
		pass(t, r, migrate.Complete)
		require.ElementsMatch(t, all, bodies(t, r))
	})
}
