package origin_test

import (
	"flag"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/origin"
)

var (
	histories = flag.Int("histories", 250, "how many histories each mix draws")
	history   = flag.Int("history", -1, "draw only the history of this seed")
)

// mix is what may happen in a history. Numbers are percent.
type mix struct {
	name     string
	busy     int // that people do something at a step
	lossy    int // that an answer is lost
	crashes  int // that a step is the last one
	forgets  int // that the ledger is lost between two passes
	mirrors  bool
	patchy   bool // mirrors some
	edits    bool // people edit and delete in the source
	renames  bool
	alters   bool // the target stores some texts otherwise
	distinct bool // half of the bodies are unique
	most     float64
}

// mixes; most is how many percent of the histories may stop.
var mixes = []mix{
	{name: "people at work", busy: 40, distinct: true, edits: true, most: 0.5},
	{name: "people at work, few words", busy: 40, most: 0.5},
	{name: "an application that mirrors", busy: 40, mirrors: true, distinct: true, most: 0.5},
	{name: "answers lost", busy: 10, lossy: 30, distinct: true, most: 0.5},
	{name: "answers lost and crashes", busy: 10, lossy: 25, crashes: 8, mirrors: true, most: 2},
	{name: "ledgers lost", lossy: 25, crashes: 8, forgets: 50, distinct: true, most: 0.5},
	{name: "ledgers lost among people", busy: 20, lossy: 25, crashes: 8, forgets: 50, edits: true, mirrors: true, most: 25},
	{name: "everything", busy: 30, lossy: 25, crashes: 8, forgets: 30, edits: true, mirrors: true, patchy: true, renames: true, alters: true, most: 45},
}

// TestHistories draws histories and looks at what really happened: no message
// is doubled or lost, and nobody's message is deleted.
func TestHistories(t *testing.T) {
	for _, m := range mixes {
		t.Run(m.name, func(t *testing.T) {
			first, last := 0, *histories
			if *history >= 0 {
				first, last = *history, *history+1
			}
			stops, copies, left := map[string]int{}, 0, 0
			stopped := 0
			for seed := first; seed < last; seed++ {
				run := live(uint64(seed), m)
				copies += run.copies
				left += run.left()
				if *history >= 0 {
					t.Log(run.story())
				}
				if run.stopped != nil {
					if stopped++; stopped < 4 {
						t.Logf("seed %d: %v", seed, run.stopped)
					}
					stops[fmt.Sprint(run.stopped.Reason)]++
				}
				if wrong := run.wrong(); wrong != "" {
					t.Fatalf("seed %d: %s; repeat it with: go test ./migrate/origin -run 'TestHistories/%s' -history %d", seed, wrong, m.name, seed)
				}
			}
			share := 100 * float64(stopped) / float64(last-first)
			t.Logf("seeds %d to %d: %d stopped (%.2f%%) %v, %d copies removed, %d left and named", first, last-1, stopped, share, stops, copies, left)
			if *history < 0 {
				require.LessOrEqual(t, share, m.most, "percent of the histories that stop")
				require.Equal(t, m.lossy > 0, copies > 0, "copies have to land, and to go")
				if m.crashes == 0 {
					require.Zero(t, left, "copies that nobody touched")
				}
			}
		})
	}
}

// live is one history, from the birth of the conversation to the last pass.
func live(seed uint64, how mix) *migration {
	w := born(seed, how)
	m := &migration{world: w, ledger: &ledger{}, birth: origin.BornAt(seconds(w.birthday)), faults: true, otherwise: map[int64]bool{}, named: map[string]bool{}, altered: map[string]bool{}}
	for range 1 + w.IntN(4) {
		m.pass()
		if m.stopped != nil {
			return m
		}
		w.now += int64(w.IntN(100))
		for range w.IntN(4) {
			w.people(m.ledger)
		}
		w.land(30)
		if w.IntN(100) < how.forgets {
			m.ledger, m.crashed = &ledger{}, false
			m.forgot = true
			w.land(100) // who adopts waits first
			if w.IntN(4) == 0 {
				m.birth = origin.Birth{}
			}
		}
		if how.renames && w.IntN(3) == 0 {
			w.rename()
		}
	}
	m.faults, w.mix.busy = false, 0
	w.land(100)
	for range 3 {
		if m.pass(); m.stopped != nil {
			return m
		}
	}
	return m
}
