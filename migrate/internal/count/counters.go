package count

import (
	"maps"
	"sync"

	"chatbridge/migrate"
)

// Counters counts what became of the resources of each kind, and tells the
// observer.
type Counters struct {
	Observer migrate.Observer

	mu     sync.Mutex
	counts map[string]migrate.KindCount
	totals map[string]int64
}

func NewCounters(o migrate.Observer) *Counters {
	return &Counters{Observer: migrate.Observed(o), counts: map[string]migrate.KindCount{}, totals: map[string]int64{}}
}

// Expect adds to what is known to be there.
func (t *Counters) Expect(kind string, n int64) {
	t.mu.Lock()
	t.totals[kind] += n
	total := t.totals[kind]
	t.mu.Unlock()
	t.Observer.Total(kind, total)
}

// Seen, written, existing and failed each count resources once: a resource is
// seen in the source and then has exactly one of the other outcomes.
func (t *Counters) Seen(kind string, n int64) {
	t.update(kind, func(c *migrate.KindCount) { c.Source += n })
}

func (t *Counters) Written(kind string, n int64) {
	t.update(kind, func(c *migrate.KindCount) { c.Written += n })
	t.Observer.Done(kind, n)
}

func (t *Counters) Existing(kind string, n int64) {
	t.update(kind, func(c *migrate.KindCount) { c.Existing += n })
	t.Observer.Done(kind, n)
}

func (t *Counters) Failed(kind string, n int64) {
	t.update(kind, func(c *migrate.KindCount) { c.Failed += n })
	t.Observer.Done(kind, n)
}

// Skipped says that a policy left resources out.
func (t *Counters) Skipped(kind string, n int64) {
	t.update(kind, func(c *migrate.KindCount) { c.LeftOut += n })
	t.Observer.Done(kind, n)
}

// Done is how many resources of every kind are dealt with.
func (t *Counters) Done() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	var n int64
	for _, c := range t.counts {
		n += c.Written + c.Existing + c.LeftOut + c.Failed
	}
	return n
}

// Changed counts the outcome of an Ensure.
func (t *Counters) Changed(kind string, c migrate.Change) {
	if c == migrate.Unchanged {
		t.Existing(kind, 1)
		return
	}
	t.Written(kind, 1)
}

func (t *Counters) update(kind string, f func(*migrate.KindCount)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.counts[kind]
	f(&c)
	t.counts[kind] = c
}

func (t *Counters) Snapshot() (counts map[string]migrate.KindCount, totals map[string]int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.counts), maps.Clone(t.totals)
}
