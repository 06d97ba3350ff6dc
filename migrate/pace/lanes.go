package pace

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"chatbridge/migrate"
)

// LaneTimes says where the time of a run went. The times of lanes that ran
// beside each other are added, so they can be more than the run took.
type LaneTimes struct {
	// Stages are how long the lanes took to reach each stage from the one
	// before, and how long lanes worked in vain before they were stopped.
	Stages []StageTime `json:"stages"`
	// Longest are the lanes that took longest, the longest first: 20 at most.
	Longest []LaneTime `json:"longest"`
}

// StageTime is how long all lanes were on their way to a stage.
type StageTime struct {
	Stage   string  `json:"stage"` // open, copied, checked, done or stopped
	Seconds float64 `json:"seconds"`
}

// LaneTime is how long one lane took.
type LaneTime struct {
	SourceSID    string  `json:"source_sid"`
	FriendlyName string  `json:"friendly_name"`
	Messages     int64   `json:"messages"` // confirmed, in this run and before
	Seconds      float64 `json:"seconds"`
}

// lanesKept is how many of the longest lanes are named.
const lanesKept = 20

// stopped stands for the time that a lane took after its last stage.
const stopped migrate.Stage = -1

// timed are the stages that lanes are timed to, in their order.
var timed = []migrate.Stage{migrate.Open, migrate.Copied, migrate.Checked, migrate.Done, stopped}

func timedName(s migrate.Stage) string {
	if s == stopped {
		return "stopped"
	}
	return s.String()
}

// Lanes adds up what the lanes of a run take.
type Lanes struct {
	mu      sync.Mutex
	stages  map[migrate.Stage]time.Duration
	longest []LaneTime

	atWork   map[*Stopwatch]struct{}
	queue    []int64          // lengths of the lanes that have not begun
	queued   int64            // their sum
	gates    map[string]int64 // writes left that share the limit of a service
	steps    int64            // messages and members dealt with
	stepping time.Duration    // what that took, of all lanes together
	ended    int64            // lanes that came to their end
	besides  time.Duration    // what these took besides their steps: to open, to read, to check
}

func NewLanes() *Lanes {
	return &Lanes{stages: map[migrate.Stage]time.Duration{}, atWork: map[*Stopwatch]struct{}{}, gates: map[string]int64{}}
}

// Stopwatch times one lane.
type Stopwatch struct {
	sheet       *Lanes
	began, last time.Time

	lane AtWork
	left atomic.Int64
	gate string    // service whose gate the lane has to pass; empty if it has
	came time.Time // when Came was called last

	stepping time.Duration // what its steps took
}

func (t *Lanes) Begin() *Stopwatch {
	now := time.Now()
	return &Stopwatch{sheet: t, began: now, last: now}
}

// Reached books the time since the stage before.
func (w *Stopwatch) Reached(s migrate.Stage) {
	now := time.Now()
	w.sheet.mu.Lock()
	defer w.sheet.mu.Unlock()
	w.sheet.stages[s] += now.Sub(w.last)
	w.last = now
	if s != migrate.Planned {
		w.opened()
	}
}

// End books what is left, and the lane as a whole.
func (w *Stopwatch) End(c migrate.ChannelRecord, err error) {
	if err != nil {
		w.Reached(stopped)
	} else {
		w.Reached(migrate.Done)
	}
	t := w.sheet
	t.mu.Lock()
	defer t.mu.Unlock()
	t.over(w)
	if err == nil && !w.came.IsZero() {
		t.ended++
		t.besides += w.last.Sub(w.began) - w.stepping
	}
	t.longest = append(t.longest, LaneTime{c.SourceSID, c.FriendlyName, c.Messages, w.last.Sub(w.began).Seconds()})
	if len(t.longest) > 2*lanesKept {
		t.trim()
	}
}

func (t *Lanes) trim() {
	slices.SortFunc(t.longest, func(a, b LaneTime) int {
		return cmp.Or(cmp.Compare(b.Seconds, a.Seconds), cmp.Compare(a.SourceSID, b.SourceSID))
	})
	t.longest = t.longest[:min(len(t.longest), lanesKept)]
}

func (t *Lanes) Times() LaneTimes {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.trim()
	all := LaneTimes{Stages: []StageTime{}, Longest: append([]LaneTime{}, t.longest...)}
	for _, one := range timed {
		if spent, ok := t.stages[one]; ok {
			all.Stages = append(all.Stages, StageTime{timedName(one), spent.Seconds()})
		}
	}
	return all
}
