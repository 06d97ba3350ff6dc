package main

import (
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"chatbridge/migrate"
	"chatbridge/reports"
)

// progress is the Observer of a command: it counts what is done, shows it while
// the work goes on, and writes events to the log.
type progress struct {
	log   *slog.Logger
	verb  string // what is done: "migrated"
	began time.Time

	mu     sync.Mutex
	totals map[string]int64
	done   map[string]int64
	rate   rate
	bar    *bar // nil where lines are written
	out    io.Writer

	ended   chan struct{}
	running sync.WaitGroup
}

var _ migrate.Observer = (*progress)(nil)

// progress starts to show progress on stderr: a bar on a terminal, otherwise a
// line every now and then, and nothing where nobody wants it. quiet says that a
// program and no person reads the result. Close ends it.
func (o *commonOptions) progress(c *console, verb string, quiet bool) *progress {
	p := &progress{
		verb: verb, began: time.Now(), totals: map[string]int64{}, done: map[string]int64{},
		rate: rate{now: time.Now}, ended: make(chan struct{}), out: c.err,
	}
	terminal, every := c.terminal(c.err), c.every
	switch {
	case o.Quiet, quiet && !terminal:
		p.out = io.Discard
	case terminal:
		p.bar, p.rate.gap, every = &bar{w: c.err}, barSample, barEvery
	}
	p.log = o.logger(c, (*aroundBar)(p).over(c.err))
	p.running.Go(func() { p.tell(every) })
	return p
}

// Close stops showing: it takes the bar away, or says how far it came.
func (p *progress) Close() {
	close(p.ended)
	p.running.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil {
		p.bar.clear()
		return
	}
	if done, total := p.sums(); total > 0 {
		fmt.Fprintf(p.out, "%s: %s of %s in %s\n", p.verb, reports.Number(done), reports.Number(total), reports.Duration(time.Since(p.began).Seconds()))
	}
}

// Total is of migrate.Observer.
func (p *progress) Total(kind string, n int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.totals[kind] = n
	p.draw()
}

// Done is of migrate.Observer.
func (p *progress) Done(kind string, n int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done[kind] += n
	p.draw()
}

// Event is of migrate.Observer.
func (p *progress) Event(e migrate.Event) { logEvent(p.log, e) }

// sums are what is done and what is known to be there, of every kind. The source
// may hold more than it said when it was listed.
func (p *progress) sums() (done, total int64) {
	for kind, n := range p.totals {
		done += p.done[kind]
		total += max(n, p.done[kind])
	}
	return done, total
}

func (p *progress) draw() {
	if p.bar == nil {
		return
	}
	done, total := p.sums()
	p.bar.draw(done, total, p.line())
}

func (p *progress) tell(every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-p.ended:
			return
		case <-tick.C:
			p.mu.Lock()
			if p.bar == nil {
				fmt.Fprintln(p.out, p.line())
			} else {
				p.draw()
			}
			p.mu.Unlock()
		}
	}
}

// line tells how far it is.
func (p *progress) line() string {
	done, total := p.sums()
	if total == 0 {
		return p.verb + ": reading what is there"
	}
	perSecond := p.rate.add(done)
	left := "time left unknown"
	if perSecond > 0 {
		left = reports.Duration(float64(total-done)/perSecond) + " left"
	}
	return fmt.Sprintf("%s: %s of %s (%d%%), %s a second, %s", p.verb,
		reports.Number(done), reports.Number(total), 100*done/total, reports.Number(int64(perSecond)), left)
}

// rate tells how fast a count grows, over the last few samples: what was there
// when a run resumed must not count as speed.
type rate struct {
	now     func() time.Time
	gap     time.Duration // between two samples, at the least
	samples []counted
}

type counted struct {
	at    time.Time
	count int64
}

const samplesKept = 12

func (r *rate) add(count int64) (perSecond float64) {
	now := r.now()
	if n := len(r.samples); n == 0 || now.Sub(r.samples[n-1].at) >= r.gap {
		r.samples = append(r.samples, counted{now, count})
	}
	if len(r.samples) > samplesKept {
		r.samples = r.samples[1:]
	}
	first, last := r.samples[0], r.samples[len(r.samples)-1]
	if span := last.at.Sub(first.at).Seconds(); span > 0 {
		return float64(last.count-first.count) / span
	}
	return 0
}

// aroundBar keeps log lines and the bar from writing over each other.
type aroundBar progress

func (a *aroundBar) over(w io.Writer) io.Writer {
	if a.bar == nil {
		return w
	}
	return writerFunc(func(b []byte) (int, error) {
		p := (*progress)(a)
		p.mu.Lock()
		defer p.mu.Unlock()
		p.bar.clear()
		n, err := w.Write(b)
		p.draw()
		return n, err
	})
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }
