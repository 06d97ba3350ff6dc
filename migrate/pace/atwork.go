package pace

import (
	"cmp"
	"slices"
	"time"
)

// AtWork is a lane on its way.
type AtWork struct {
	SourceSID    string `json:"source_sid"`
	FriendlyName string `json:"friendly_name"`
	Done         int64  `json:"done"`  // messages and members
	Total        int64  `json:"total"` // of the same, as the source counts them
}

func (a AtWork) left() int64 { return max(0, a.Total-a.Done) }

// atWorkShown bounds the lanes that a progress names.
const atWorkShown = 10

// Plan says which lanes are going to begin, in their order.
func (t *Lanes) Plan(lengths []int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.queue, t.queued = lengths, 0
	for _, n := range lengths {
		t.queued += n
	}
}

// Gate says that n more writes share the limit of a target service, or with a
// negative n, that as many are done.
func (t *Lanes) Gate(service string, n int64) {
	t.mu.Lock()
	t.gates[service] += n
	t.mu.Unlock()
}

// Of says whose lane is timed: the first of those that Plan has left. Until it has
// its conversation it waits for the gate of a service.
func (w *Stopwatch) Of(sid, name string, length int64, service string, planned bool) {
	t := w.sheet
	t.mu.Lock()
	defer t.mu.Unlock()
	w.lane = AtWork{SourceSID: sid, FriendlyName: name, Total: length}
	w.left.Store(length)
	t.atWork[w] = struct{}{}
	if len(t.queue) > 0 {
		t.queued -= t.queue[0]
		t.queue = t.queue[1:]
	}
	if planned {
		w.gate = service
		t.gates[service]++
	}
}

// Came says how far the lane is. The time since it said so last is that of one step
// if it got on by one; if by more, it found what was there already.
func (w *Stopwatch) Came(done int64) {
	now := time.Now()
	t := w.sheet
	t.mu.Lock()
	defer t.mu.Unlock()
	if !w.came.IsZero() && done == w.lane.Done+1 {
		t.steps++
		t.stepping += now.Sub(w.came)
		w.stepping += now.Sub(w.came)
	}
	w.lane.Done, w.came = done, now
	w.left.Store(w.lane.left())
}

// Left is how much the lane has to do, in messages and members.
func (w *Stopwatch) Left() int64 { return w.left.Load() }

// opened is called under the lock.
func (w *Stopwatch) opened() {
	if w.gate != "" {
		w.sheet.gates[w.gate]--
		w.gate = ""
	}
}

// AtWork are the lanes on their way, those with most to do first: 10 at most.
func (t *Lanes) AtWork() []AtWork {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := make([]AtWork, 0, len(t.atWork))
	for w := range t.atWork {
		all = append(all, w.lane)
	}
	slices.SortFunc(all, func(a, b AtWork) int {
		return cmp.Or(cmp.Compare(b.left(), a.left()), cmp.Compare(a.SourceSID, b.SourceSID))
	})
	return slices.Clip(all[:min(atWorkShown, len(all))])
}

// Steps are the messages and members that lanes dealt with so far, and how long
// it took all of them together, in seconds.
func (t *Lanes) Steps() (steps int64, seconds float64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now, all := time.Now(), t.stepping
	for w := range t.atWork {
		if !w.came.IsZero() && w.lane.left() > 0 {
			all += now.Sub(w.came) // a step that takes long is slow before it ends
		}
	}
	return t.steps, all.Seconds()
}

// Left is how long the rest takes, in seconds, and false if nothing tells. As the
// estimate of an audit it is the longest of three: what shares the limit of one
// service, the longest lane, and all lanes in as many as run at once. aps is that
// limit, 0 without; lately has the speed of lanes, which counts once it is known, and
// with it what a request takes on the wire. What a lane takes besides its steps is the
// mean of those that ended; one at work has about half of it before it.
func (t *Lanes) Left(aps float64, atOnce int, lately Recent) (seconds float64, known bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	speed := aps
	if lately.LaneSteps > 0 && lately.LaneSeconds > 0 {
		if measured := float64(lately.LaneSteps) / lately.LaneSeconds; aps <= 0 || measured < aps {
			speed = measured
		}
	}
	if speed <= 0 {
		return 0, false
	}
	longest, all := int64(0), t.queued
	if len(t.queue) > 0 {
		longest = t.queue[0]
	}
	for w := range t.atWork {
		longest, all = max(longest, w.lane.left()), all+w.lane.left()
	}
	slots := float64(max(1, min(atOnce, len(t.queue)+len(t.atWork))))
	besides := 0.0
	if t.ended > 0 {
		besides = t.besides.Seconds() / float64(t.ended)
	}
	lanes := float64(len(t.queue)) + float64(len(t.atWork))/2
	last := 0.0 // besides the steps of the longest
	if len(t.queue) > 0 {
		last = besides
	} else if len(t.atWork) > 0 {
		last = besides / 2
	}
	seconds = max(float64(longest)/speed+last, (float64(all)/speed+lanes*besides)/slots)
	if aps > 0 {
		for _, n := range t.gates {
			seconds = max(seconds, float64(n)/aps)
		}
	}
	return seconds, true
}

// over is called under the lock.
func (t *Lanes) over(w *Stopwatch) {
	w.opened()
	delete(t.atWork, w)
}
