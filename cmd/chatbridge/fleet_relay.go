package main

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"
)

// relay passes what asks the program to end to every account at work, and to those
// that begin to listen later: none may miss one that came between two parts of its
// work.
type relay struct {
	mu      sync.Mutex
	got     []os.Signal
	hear    map[chan os.Signal]bool
	late    bool          // the first was that the time was up
	first   chan struct{} // closed at the first
	second  chan struct{} // closed at the second
	ended   chan struct{}
	running sync.WaitGroup
}

// relayed listens for signals until stop is called. After that time, if it is not 0, it
// passes on the first by itself.
func relayed(c *console, most time.Duration) (r *relay, stop func()) {
	r = &relay{hear: map[chan os.Signal]bool{}, first: make(chan struct{}), second: make(chan struct{}), ended: make(chan struct{})}
	signals, release := c.signals()
	var up <-chan time.Time
	if most > 0 {
		up = time.After(most)
	}
	r.running.Go(func() {
		for {
			select {
			case <-r.ended:
				return
			case <-up:
				if !r.stopped() {
					r.late = true
					r.tell(c, os.Interrupt)
				}
			case s := <-signals:
				r.tell(c, s)
			}
		}
	})
	return r, func() {
		release()
		close(r.ended)
		r.running.Wait()
	}
}

func (r *relay) tell(c *console, s os.Signal) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.got = append(r.got, s)
	switch len(r.got) {
	case 1:
		text := finishing
		if r.late {
			text = timeIsUp
		}
		fmt.Fprintln(c.err, text)
		close(r.first)
	case 2:
		fmt.Fprintln(c.err, "stopping at once")
		close(r.second)
	default:
		return // nobody listens for a third
	}
	for one := range r.hear {
		one <- s // it has room for two
	}
}

// signals is as that of a console.
func (r *relay) signals() (<-chan os.Signal, func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	one := make(chan os.Signal, 2)
	for _, s := range r.got[:min(2, len(r.got))] {
		one <- s
	}
	r.hear[one] = true
	return one, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.hear, one)
	}
}

// stopped reports whether nothing more is to begin.
func (r *relay) stopped() bool {
	select {
	case <-r.first:
		return true
	default:
		return false
	}
}

// cut is ctx that ends at the second signal, so that nothing waits on: for a database
// that is away, say.
func (r *relay) cut(ctx context.Context) (cut context.Context, stop func()) {
	cut, cancel := context.WithCancelCause(ctx)
	done := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		select {
		case <-r.second:
			cancel(errSecondSignal)
		case <-done:
		}
	})
	return cut, func() {
		close(done)
		watching.Wait()
		cancel(nil)
	}
}
