package torture

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator/faults"
	"chatbridge/migrate/replay"
)

// many is what becomes of three workers on one ledger.
var many = part{
	test: "TestTortureMany", number: 3, play: playMany,
	kinds: []kind{
		{name: "kill", draw: func(s *story) { s.dies(func(*death) {}) }},
		{name: "freeze", draw: func(s *story) { s.freezes(func(*death) {}) }},
		{name: "freeze-answered", draw: func(s *story) { s.freezes(func(d *death) { d.after = true }) }},
		{name: "freeze-killed", draw: func(s *story) { s.freezes(func(d *death) { d.lose = true }) }},
		{name: "hand-over", draw: func(s *story) { s.dies(func(d *death) { d.drain = true }) }},
		{name: "database-down", draw: func(s *story) {
			for range 1 + s.IntN(3) {
				s.outages = append(s.outages, outage{time.Duration(s.IntN(60)) * time.Second, time.Duration(1+s.IntN(60)) * time.Second})
			}
		}},
		{name: "clock-off", also: true, draw: func(s *story) { s.skewed = true }},
		fails("throttled", "before.429"),
		fails("lost-answer", "after"),
		fails("late", "late"),
		{name: "lag", draw: func(s *story) { s.unkind.Lag = time.Duration(500+s.IntN(2000)) * time.Millisecond }},
		{name: "files", also: true, draw: (*story).files},
	},
}

// outage is a database that nobody reaches for a while.
type outage struct{ at, length time.Duration }

// freezes has one to three workers stand still, in the middle of a write, for about
// as long as a lease, and go on.
func (s *story) freezes(set func(*death)) {
	s.busy()
	for range 1 + s.IntN(3) {
		d := death{write: 1 + s.IntN(70), freeze: time.Duration(1+s.IntN(90)) * time.Second}
		set(&d)
		s.kills = append(s.kills, d)
	}
}

// TestTortureMany draws worlds in which three workers share a ledger.
func TestTortureMany(t *testing.T) { many.run(t) }

const (
	workers = 3
	// reapEvery is how often a worker looks whether a lease is over, as the command does.
	reapEvery = 2 * time.Second
)

func playMany(t *testing.T, w *world) {
	s := w.share()
	defer func() { require.NoError(t, s.inner.Close()) }()
	ctx, over := context.WithCancel(t.Context())
	fates := make(chan *death, len(w.kills))
	for i := range w.kills {
		fates <- &w.kills[i]
	}
	for i, o := range w.outages {
		go func() {
			if pause(ctx, o.at+time.Duration(i+1)*time.Nanosecond) == nil {
				s.mu.Lock()
				s.down = time.Now().Add(o.length)
				s.mu.Unlock()
				w.log("the database is down for %s", o.length)
			}
		}()
	}
	ends := make(chan ending, 100)
	for i := range workers {
		go s.worker(ctx, i, fates, ends)
	}
	for n := 0; ; n++ {
		e := <-ends
		w.log("%s", e)
		if e.status() == 0 {
			require.Empty(t, s.untrue(e), "%s", e)
			break
		}
		if n > 40 {
			t.Fatalf("no end after %d runs: %s", n, e)
		}
	}
	over()
	for range workers { // each says that it is over
		for e := range ends {
			if e.name == "" {
				break
			}
			require.Empty(t, s.untrue(e), "%s", e)
		}
	}
	w.plan.Close()
	var e ending
	for i := range enough { // all are awake
		if e = s.run(fmt.Sprintf("last pass, run %d", i+1), 0, nil); e.status() == 0 {
			break
		}
		time.Sleep(leaseLength)
	}
	require.Empty(t, w.unequal(e), "after the last pass")
	for _, one := range s.strays {
		require.Empty(t, one.Message)
	}
	stats := w.emulator.Stats()
	// What a worker that stood still sends when it wakes, after the others gave the push
	// notifications back, is the one thing that no lease prevents.
	if !slices.ContainsFunc(w.kills, func(d death) bool { return d.freeze > 0 }) {
		require.Zero(t, stats.Pushes)
	}
	require.Zero(t, stats.Webhooks)
	require.Zero(t, stats.RefusedSourceWrites)
}

// untrue is what is wrong with how a run ended. A worker that wakes up when another
// has concluded may send what it was about to send; the next pass finds it.
func (s *shared) untrue(e ending) []string {
	s.mu.Lock()
	woken := slices.ContainsFunc(s.woken, func(t time.Time) bool { return !t.Before(e.began) && !t.After(e.ended) })
	s.mu.Unlock()
	if e.killed || e.status() == 0 && woken {
		return nil
	}
	return s.dishonest(e, 3, 5, 8, 130)
}

// worker works on the migration whenever nobody does, until that is over.
func (s *shared) worker(ctx context.Context, number int, fates <-chan *death, ends chan<- ending) {
	defer func() { ends <- ending{} }()
	skew := time.Duration(0)
	if s.skewed {
		skew = time.Duration(number-1) * time.Hour
	}
	time.Sleep(time.Duration(number) * time.Microsecond) // or who is first is the scheduler's choice
	for n := 1; ctx.Err() == nil; n++ {
		var fate *death
		select {
		case fate = <-fates:
		default:
		}
		for {
			e := s.run(fmt.Sprintf("worker %d, run %d", number+1, n), skew, fate)
			if e.summary.Status != "" || e.err == nil {
				ends <- e
				break
			}
			if ctx.Err() != nil { // somebody else has the lease
				return
			}
			_ = pause(ctx, reapEvery+time.Duration(number)*time.Millisecond)
		}
	}
}

// run is one worker that gets to work. Its status is empty if it did not.
func (s *shared) run(name string, skew time.Duration, fate *death) ending {
	p := &process{world: s.world, name: name, ledger: s.ledger, death: fate, skew: skew}
	e := ending{name: name, start: p.emulator.Truth(), began: time.Now()}
	ctx, cancel := context.WithTimeout(p.t.Context(), most)
	defer cancel()
	p.plan.NewClient()
	n := &wire{process: p, shared: s, handlers: map[string]http.RoundTripper{
		chatHost: faults.Direct{Handler: p.emulator.Chat()}, conversationsHost: faults.Direct{Handler: p.emulator.Conversations()},
		mediaHost: faults.Direct{Handler: p.emulator.Media()},
	}}
	n.fall = func(bool) { cancel() }
	l, err := s.take(ctx, p, n)
	if err != nil {
		e.err = err
		return e
	}
	n.lease = l.generation
	drain := make(chan struct{})
	n.drain = func() { close(drain) }
	source, target := p.drivers(n)
	m := replay.Migration{
		Source: migrate.Counted(source), Target: target, Ledger: l, Observer: p, Drain: drain,
		Settings: migrate.Settings{Concurrency: p.Concurrency, Settle: p.Settle},
	}
	e.summary, e.err = m.Run(ctx)
	e.end, e.ended = p.emulator.Truth(), time.Now()
	l.give()
	p.log("%s ends %s: %v", name, e.summary.Status, e.err)
	e.killed = n.fallen.Load()
	return e
}
