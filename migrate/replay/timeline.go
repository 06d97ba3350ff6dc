package replay

import (
	"sync"
	"time"
)

// Point is how far a run was at one moment. Every count is since it began.
type Point struct {
	Seconds   float64 `json:"seconds"` // since the run began
	Written   int64   `json:"written"` // resources of every kind
	Throttled int64   `json:"throttled"`
	Retried   int64   `json:"retried"`
	Failed    int64   `json:"failed"` // resources of every kind
}

// pointsKept bounds a time line: as many as a narrow screen can show, and a few
// kilobytes in a ledger.
const pointsKept = 240

// timeline is a run as points that lie about as far from each other, however
// long it takes: when it is full every second point goes, and from then on it
// takes half as many.
type timeline struct {
	mu     sync.Mutex
	points []Point
	every  int // samples for a point; 0 is 1
	missed int // samples since the last point
}

// sample offers a point. Points have to come in their order.
func (t *timeline) sample(p Point) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.missed++
	if t.missed < t.every {
		return
	}
	if len(t.points) == pointsKept {
		t.halve()
		if t.missed < t.every {
			return
		}
	}
	t.points = append(t.points, p)
	t.missed = 0
}

// halve keeps the later one of each pair, so that the distances stay equal.
func (t *timeline) halve() {
	kept := t.points[:0]
	for i := 1; i < len(t.points); i += 2 {
		kept = append(kept, t.points[i])
	}
	t.points = kept
	t.every = max(1, t.every) * 2
}

// until is the time line up to a last point. It always has that one, so that a
// run too short to be sampled has a time line as well.
func (t *timeline) until(last Point) []Point {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append(append(make([]Point, 0, len(t.points)+1), t.points...), last)
}

// point is where the run is now.
func (r *run) point(now time.Time) Point {
	counts, _ := r.tally.Snapshot()
	traffic := r.Traffic()
	p := Point{Seconds: now.Sub(r.started).Seconds(), Throttled: traffic.Throttled, Retried: traffic.Retried}
	for _, c := range counts {
		p.Written += c.Written
		p.Failed += c.Failed
	}
	return p
}
