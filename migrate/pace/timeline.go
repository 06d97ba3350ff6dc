// Package pace measures a run while it is at work: where the time of its lanes goes,
// how far it was when, and what it did in the last minute.
package pace

import (
	"slices"
	"sync"
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

// Timeline is a run as points that lie about as far from each other, however
// long it takes: when it is full every second point goes, and from then on it
// takes half as many.
type Timeline struct {
	mu     sync.Mutex
	points []Point
	every  int // samples for a point; 0 is 1
	missed int // samples since the last point
}

// Sample offers a point. Points have to come in their order.
func (t *Timeline) Sample(p Point) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.missed++
	if t.missed < t.every {
		return
	}
	if len(t.points) == pointsKept {
		t.halve()
		return // half of a distance has passed
	}
	t.points = append(t.points, p)
	t.missed = 0
}

// halve keeps the later one of each pair, so that the distances stay equal.
func (t *Timeline) halve() {
	kept := t.points[:0]
	for i := 1; i < len(t.points); i += 2 {
		kept = append(kept, t.points[i])
	}
	t.points = kept
	t.every = max(1, t.every) * 2
}

// Until is the time line up to a last point. It always has that one, so that a
// run too short to be sampled has a time line as well.
func (t *Timeline) Until(last Point) []Point {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Concat(t.points, []Point{last})
}
