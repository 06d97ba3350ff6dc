package main

import (
	"fmt"
	"log/slog"
	"sync"
	"time"

	"chatbridge/migrate"
	"chatbridge/migrate/replay"
	"chatbridge/reports"
)

// progress is the Observer of a command: it counts what is done, shows it while
// the work goes on, and writes events to the log.
type progress struct {
	log   *slog.Logger
	verb  string // what is done: "migrated"
	began time.Time
	err   *stderr
	form  string // of what is written where there is no bar
	quiet bool
	bar   bool

	waits     *migrate.Waits
	announcer announcer

	mu     sync.Mutex
	totals map[string]int64
	done   map[string]int64
	rate   rate
	live   func() replay.Progress // nil if no migration is at work
	seen   replay.Progress        // a moment ago
	looked time.Time

	ended   chan struct{}
	running sync.WaitGroup
}

var _ migrate.Observer = (*progress)(nil)

// progress starts to show progress on stderr: a bar on a terminal, otherwise a
// line every now and then, and what is waited for on both; nothing if nobody wants
// it. Close ends it.
func (o *commonOptions) progress(c *console, verb string) *progress {
	p := &progress{
		verb: verb, began: time.Now(), totals: map[string]int64{}, done: map[string]int64{},
		rate: rate{now: time.Now}, ended: make(chan struct{}),
		err: c.stderr(), form: o.LogFormat, quiet: o.Quiet || c.of != nil && !o.Verbose, waits: c.waits,
	}
	c.of.shows(p)
	p.log = o.logger(c, p.err)
	p.bar = !o.Quiet && o.LogFormat != logJSON && c.terminal(c.err)
	look := lookEvery
	if p.bar {
		look, p.rate.gap = barEvery, barSample
		term := c.getenv("TERM")
		p.err.shows(&bar{w: p.err.w, plain: term == "" || term == "dumb"})
	}
	if !o.Quiet {
		p.running.Go(func() { p.tell(look, c.every) })
	}
	return p
}

// lookEvery is how often it is looked whether anything waits: so that whatever does
// for migrate.LongWait is said within a second after.
const lookEvery = 500 * time.Millisecond

// Close stops showing: it takes the bar away, or says how far it came. It may be
// called again.
func (p *progress) Close() {
	select {
	case <-p.ended:
		return
	default:
		close(p.ended)
	}
	p.running.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar {
		p.err.shows(nil)
		return
	}
	if done, total := p.sums(); total > 0 {
		s := p.state()
		s.over, s.Seconds = true, time.Since(p.began).Seconds()
		s.Done, s.Total = done, total
		p.write(s)
	}
}

// during has the progress of a migration shown, and that of next too.
func (p *progress) during(next func(func() replay.Progress)) func(func() replay.Progress) {
	return func(live func() replay.Progress) {
		p.mu.Lock()
		p.live = live
		p.mu.Unlock()
		if next != nil {
			next(live)
		}
	}
}

// Total is of migrate.Observer.
func (p *progress) Total(kind string, n int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.totals[kind] = n
}

// Done is of migrate.Observer.
func (p *progress) Done(kind string, n int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done[kind] += n
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

func (p *progress) tell(look, every time.Duration) {
	looks, lines := time.NewTicker(look), time.NewTicker(every)
	defer looks.Stop()
	defer lines.Stop()
	for {
		select {
		case <-p.ended:
			return
		case <-lines.C:
			if !p.bar {
				p.mu.Lock()
				p.write(p.state())
				p.mu.Unlock()
			}
		case <-looks.C:
			p.announce()
			if p.bar {
				p.mu.Lock()
				s := p.state()
				p.mu.Unlock()
				p.err.draw(s.Done, s.Total, s.texts(), s.happening())
			}
		}
	}
}

// announce says what began to be waited for, or still is.
func (p *progress) announce() {
	now := time.Now()
	for _, w := range p.announcer.due(p.waits.Now(migrate.LongWait), now) {
		if p.form == logJSON {
			p.err.Write(waitLine(now, w))
			continue
		}
		fmt.Fprintln(p.err, reports.WaitText(w))
	}
}

// listing reports whether a migration knows services and roles alone: all of them are no
// share of the whole. The lock is held.
func (p *progress) listing() bool { return p.live != nil && p.totals[migrate.KindChannels] == 0 }

// state is how far it is now. The lock is held.
func (p *progress) state() state {
	now := time.Now()
	s := state{Verb: p.verb, Waits: p.waits.Now(migrate.LongWait), Bytes: p.done[migrate.KindFileBytes]}
	s.Done, s.Total = p.sums()
	if s.Total == 0 {
		return s
	}
	if p.listing() {
		s.Done, s.Total = 0, 0
		return s
	}
	s.Rate = p.rate.add(s.Done)
	if p.live == nil {
		if s.Rate > 0 {
			left := float64(s.Total-s.Done) / s.Rate
			s.Left = &left
		}
		return s
	}
	if now.Sub(p.looked) >= barSample {
		p.seen, p.looked = p.live(), now
	}
	s.Left, s.Lanes, s.AtWork = p.seen.SecondsLeft, p.seen.Lanes, p.seen.AtWork
	return s
}

// write writes a state where there is no bar.
func (p *progress) write(s state) {
	switch {
	case p.quiet:
	case p.form == logJSON:
		p.err.Write(s.object(time.Now()))
	default:
		fmt.Fprintln(p.err, s.line())
	}
}
