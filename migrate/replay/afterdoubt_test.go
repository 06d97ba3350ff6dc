package replay_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
)

// What a run that died may have left is looked for once: an answer that is lost
// later in the run that resumes asks for no second reading, and puts nothing else in
// doubt.
func TestCrashIsLookedIntoOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, m := between(t, emulator.Config{Archive: oneChannel("one", "two", "three", "four", "five", "six", "seven").Archive(), Latency: 300 * time.Millisecond, Unkind: emulator.Unkind{IndexGaps: -1}})
		require.True(t, r.Killed(t, rig.Kill{Write: 15, After: true}))
		there := bodies(t, r)
		require.Less(t, len(there), 6)
		r.Events = &rig.Events{}
		lost := false
		m.do(func(x exchange) bool {
			if lost || !x.appends("six") {
				return false
			}
			lost = true
			x.commit()
			x.lose()
			return true
		})
		pass(t, r, migrate.Complete)
		require.True(t, lost)
		require.Equal(t, 2, said(r, saidWaits), "between two readings, and for the answer")
		all := doubts(t, r)
		require.Len(t, all, 1)
		require.EqualValues(t, len(there), all[0].SourceIndex, "the one that may have been in flight")
		require.Equal(t, []string{"one", "two", "three", "four", "five", "six", "seven"}, bodies(t, r))
	})
}

// A copy that landed late goes before the next message is written.
func TestCopyGoesBeforeTheNextMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, m := between(t, emulator.Config{Archive: oneChannel(four...).Archive(), Unkind: emulator.Unkind{IndexGaps: -1}})
		var land func() emulator.Reply
		m.do(func(x exchange) bool {
			if land == nil && x.appends("three") {
				land = x.commit
				x.lose()
			}
			return false
		})
		pass(t, r, migrate.Complete)
		all := doubts(t, r)
		require.Len(t, all, 1)
		require.Equal(t, messageOf(t, only(t, r), "two").Index, all[0].After, "the newest that was known when it was sent")
		m.rest()
		land()
		require.Equal(t, append(four[:4:4], "three"), bodies(t, r))
		_, err := r.Emulator.AppendToChannel(rig.SidOf("CH", 0), rig.IdentityOf(0), "five")
		require.NoError(t, err)
		var before []string
		m.do(func(x exchange) bool {
			if x.appends("five") {
				x.aside(func() { before = bodies(t, r) })
			}
			return false
		})
		pass(t, r, migrate.Complete)
		require.Equal(t, four, before)
		require.Equal(t, append(four[:4:4], "five"), bodies(t, r))
	})
}

// A message that never gets an answer, and is never there, is sent so often and not
// once more.
func TestMessageThatNeverArrives(t *testing.T) {
	for _, contended := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			r, m := between(t, emulator.Config{Archive: oneChannel(four...).Archive()})
			sent := 0
			m.do(func(x exchange) bool {
				if !x.appends("two") {
					return false
				}
				if sent++; contended && sent < 5 {
					emulator.Refusal(409, 50391, "somebody else writes").WriteTo(x.w)
					return true
				}
				x.lose()
				return true
			})
			s, _ := r.Migrate(t.Context())
			require.NotEqual(t, migrate.Complete, s.Status)
			require.Contains(t, reasons(s), rig.SidOf("IM", 1)+": no answer", "the last one counts")
			require.Contains(t, reasons(s), "run the same command again to resume")
			require.Equal(t, 5, sent)
			m.rest()
			pass(t, r, migrate.Complete)
			require.Equal(t, four, bodies(t, r))
		})
	}
}

// A create of a conversation without an answer is no message in doubt, for which the
// next pass would read the conversation.
func TestCreateInDoubtReadsNoMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, m := between(t, emulator.Config{Archive: oneChannel(four...).Archive()})
		lost := false
		m.do(func(x exchange) bool {
			if lost || !x.creates() {
				return false
			}
			lost = true
			x.lose()
			return true
		})
		pass(t, r, migrate.Complete)
		require.Len(t, doubts(t, r), 1)
		listed := 0
		m.do(func(x exchange) bool {
			if x.lists() {
				listed++
			}
			return false
		})
		pass(t, r, migrate.Complete)
		require.Zero(t, listed)
		require.Len(t, doubts(t, r), 1)
	})
}

// A conversation that was adopted, and finished, is one like any other.
func TestAdoptedAndDoneIsNotDoubted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _ := between(t, emulator.Config{Archive: oneChannel(four...).Archive()})
		pass(t, r, migrate.Complete)
		r.Ledger += ".new"
		pass(t, r, migrate.Complete)
		require.Equal(t, 1, said(r, saidAdopted))
		r.Events = &rig.Events{}
		_, err := r.Emulator.AppendToChannel(rig.SidOf("CH", 0), rig.IdentityOf(0), "five")
		require.NoError(t, err)
		pass(t, r, migrate.Complete)
		require.Zero(t, said(r, saidWaits))
		require.Equal(t, append(four[:4:4], "five"), bodies(t, r))
	})
}

// That a lane writes again is on disk before anything of it is in the target: a
// ledger that lost its newest rows would say that nothing was in flight.
func TestBeginIsOnDiskBeforeTheFirstWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := littleRig(t, little(t))
		carriedMany(t, r)
		_, err := r.Emulator.AppendToChannel(rig.SidOf("CH", 0), rig.IdentityOf(0), "three")
		require.NoError(t, err)
		c := &calls{}
		_, err = c.run(t.Context(), t, r)
		require.NoError(t, err)
		all := c.all()
		first := slices.Index(all, call{"target AppendMessage", 1})
		require.Positive(t, first)
		noted, synced := 0, 0
		for i, one := range all[:first] {
			switch one.name {
			case "ledger PutChannel":
				noted = i
			case "ledger Sync":
				synced = i
			}
		}
		require.Positive(t, noted)
		require.Greater(t, synced, noted)
	})
}
