package migrate

import (
	"maps"
	"sync"
)

// tally counts what became of the resources of each kind, and tells the
// observer.
type tally struct {
	observer Observer

	mu     sync.Mutex
	counts map[string]KindCount
	totals map[string]int64
	passed int64 // resources of every kind that were left out
}

func newTally(o Observer) *tally {
	return &tally{observer: o, counts: map[string]KindCount{}, totals: map[string]int64{}}
}

// expect adds to what is known to be there.
func (t *tally) expect(kind string, n int64) {
	t.mu.Lock()
	t.totals[kind] += n
	total := t.totals[kind]
	t.mu.Unlock()
	t.observer.Total(kind, total)
}

// seen, written, existing and failed each count resources once: a resource is
// seen in the source and then has exactly one of the other three outcomes.
func (t *tally) seen(kind string, n int64) {
	t.update(kind, func(c *KindCount) { c.Source += n })
}

func (t *tally) written(kind string, n int64) {
	t.update(kind, func(c *KindCount) { c.Written += n })
	t.observer.Done(kind, n)
}

func (t *tally) existing(kind string, n int64) {
	t.update(kind, func(c *KindCount) { c.Existing += n })
	t.observer.Done(kind, n)
}

func (t *tally) failed(kind string, n int64) {
	t.update(kind, func(c *KindCount) { c.Failed += n })
	t.observer.Done(kind, n)
}

// skipped says that a policy left resources out: they are seen, and nothing
// became of them.
func (t *tally) skipped(kind string, n int64) {
	t.mu.Lock()
	t.passed += n
	t.mu.Unlock()
	t.observer.Done(kind, n)
}

// done is how many resources of every kind are dealt with.
func (t *tally) done() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := t.passed
	for _, c := range t.counts {
		n += c.Written + c.Existing + c.Failed
	}
	return n
}

// changed counts the outcome of an Ensure.
func (t *tally) changed(kind string, c Change) {
	if c == Unchanged {
		t.existing(kind, 1)
		return
	}
	t.written(kind, 1)
}

func (t *tally) update(kind string, f func(*KindCount)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.counts[kind]
	f(&c)
	t.counts[kind] = c
}

func (t *tally) snapshot() (counts map[string]KindCount, totals map[string]int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.counts), maps.Clone(t.totals)
}
