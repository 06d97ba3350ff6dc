package main

import (
	"fmt"
	"sync"
	"time"

	"chatbridge/reports"
)

// fleetProgress shows how far all accounts are together, as one bar or one line.
type fleetProgress struct {
	fleet *fleet
	err   *stderr
	json  bool
	bar   bool
	quiet bool

	mu       sync.Mutex
	at       int // accounts that ended
	notWhole int
	rate     rate

	over    chan struct{}
	running sync.WaitGroup
}

// progress begins to show it; Close ends that.
func (f *fleet) progress() *fleetProgress {
	c := f.console
	p := &fleetProgress{
		fleet: f, err: c.stderr(), json: f.common.LogFormat == logJSON, quiet: f.common.Quiet || f.reads(),
		rate: rate{now: time.Now}, over: make(chan struct{}),
	}
	for _, t := range f.turns {
		if t.done || t.barred != "" || t.problem != nil { // it has no turn
			p.at++
			if !t.shown.Whole() {
				p.notWhole++
			}
		}
	}
	p.bar = !p.quiet && !p.json && c.terminal(c.err)
	every := c.every
	if p.bar {
		every, p.rate.gap = barEvery, barSample
		term := c.getenv("TERM")
		p.err.shows(&bar{w: p.err.w, plain: term == "" || term == "dumb"})
	}
	if !p.quiet {
		p.running.Go(func() { p.tell(every) })
	}
	return p
}

func (p *fleetProgress) tell(every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-p.over:
			return
		case <-tick.C:
			s := p.state()
			switch {
			case p.bar:
				p.err.draw(s.Done, s.Total, s.texts(), nil)
			case p.json:
				p.err.Write(s.object(time.Now()))
			default:
				fmt.Fprintln(p.err, s.line())
			}
		}
	}
}

// Close takes the bar away. How it ended, the report says.
func (p *fleetProgress) Close() {
	close(p.over)
	p.running.Wait()
	if p.bar {
		p.err.shows(nil)
	}
}

// ended notes that an account had its turn.
func (p *fleetProgress) ended(t *turn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.at++
	if !t.shown.Whole() {
		p.notWhole++
	}
}

// fleetVerbs say what is done.
var fleetVerbs = map[string]string{"audit": "read", "migrate": "migrated", "verify": "compared"}

// state is how far all accounts are. Those that wait for their turn are known by
// number alone.
func (p *fleetProgress) state() state {
	p.mu.Lock()
	defer p.mu.Unlock()
	verb := fmt.Sprintf("%s %s of %s", fleetVerbs[p.fleet.does()], reports.Number(int64(p.at)), plural(len(p.fleet.turns), "account", "accounts"))
	if p.notWhole > 0 {
		verb += fmt.Sprintf(" (%d not whole)", p.notWhole)
	}
	s := state{Verb: verb}
	for _, t := range p.fleet.turns {
		done, total := t.console.of.sums()
		s.Done, s.Total = s.Done+done, s.Total+total
	}
	if s.Total > 0 {
		s.Rate = p.rate.add(s.Done)
	}
	return s
}
