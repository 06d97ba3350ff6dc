package faults

import (
	"slices"
	"time"

	"chatbridge/migrate/emulator"
)

// lateCommit is a write whose connection is gone.
type lateCommit struct {
	due    time.Time
	timer  *time.Timer
	commit func() emulator.Reply
}

func (f *fault) late() {
	f.struck()
	within := orDefault(f.plan.Late, DefaultLate)
	f.plan.later(f.plan.LateAfter+1+time.Duration(f.random.Int64N(int64(within))), f.commit)
	f.drop(true)
}

func (p *Plan) later(delay time.Duration, commit func() emulator.Reply) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.waiting == nil {
		p.waiting = map[*lateCommit]bool{}
	}
	c := &lateCommit{due: time.Now().Add(delay), commit: commit}
	p.waiting[c] = true
	p.landing.Add(1)
	c.timer = time.AfterFunc(delay, func() { p.land(c) })
}

// land commits, unless the timer or Close did so before.
func (p *Plan) land(c *lateCommit) {
	p.mu.Lock()
	waits := p.waiting[c]
	delete(p.waiting, c)
	p.mu.Unlock()
	if !waits {
		return
	}
	defer p.landing.Done()
	c.commit()
}

// Pending is how many late commits have not landed yet.
func (p *Plan) Pending() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.waiting)
}

// Close lands the late commits that are pending, in the order in which they
// were due, and returns when all have landed. The plan lets every request pass
// from then on. No request may be in the middle of the plan.
func (p *Plan) Close() {
	p.mu.Lock()
	p.closed = true
	var pending []*lateCommit
	for c := range p.waiting {
		pending = append(pending, c)
	}
	p.mu.Unlock()
	slices.SortFunc(pending, func(a, b *lateCommit) int { return a.due.Compare(b.due) })
	for _, c := range pending {
		c.timer.Stop()
		p.land(c)
	}
	p.landing.Wait()
}
