package main

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// verdict is what became of a mutant.
type verdict string

const (
	killed     verdict = "killed"
	timeout    verdict = "timeout"     // killed, by not coming to an end
	survived   verdict = "survived"    // every test that reaches it passes
	notReached verdict = "not reached" // no test that was run reaches it
	notRun     verdict = "not run"     // the time was over
)

// trial is a mutant and what became of it.
type trial struct {
	*site
	Verdict  verdict  `json:"verdict"`
	By       string   `json:"by,omitempty"`    // the test that failed
	Tests    []string `json:"tests,omitempty"` // of a survivor: those that reach it
	Accepted string   `json:"accepted,omitempty"`
	Seconds  float64  `json:"seconds"`
}

// hunt switches mutants on, one in each process.
type hunt struct {
	units    []*unit // the fastest first
	workers  int
	budget   time.Duration
	grace    time.Duration // beyond four times what a test takes with no mutant on
	progress io.Writer
}

func (h *hunt) run(ctx context.Context, sites []*site) ([]*trial, error) {
	trials := make([]*trial, len(sites))
	for i, s := range sites {
		trials[i] = &trial{site: s, Verdict: notRun}
	}
	timed := ctx
	if h.budget > 0 {
		var cancel func()
		timed, cancel = context.WithTimeout(ctx, h.budget)
		defer cancel()
	}
	var mu sync.Mutex
	done := 0
	err := parallel(timed, h.workers, len(trials), func(ctx context.Context, i int) error {
		began := time.Now()
		if err := h.try(ctx, trials[i]); err != nil {
			trials[i].Verdict = notRun
			return err
		}
		trials[i].Seconds = time.Since(began).Seconds()
		mu.Lock()
		defer mu.Unlock()
		done++
		t := trials[i]
		_, _ = fmt.Fprintf(h.progress, "%d/%d %-11s %6.1fs %s %s: %s %s\n", done, len(trials), t.Verdict, t.Seconds, t.where(), t.Func, t.Change, t.By)
		return nil
	})
	if timed.Err() != nil {
		err = nil // what was found until then is worth a report
	}
	return trials, err
}

var failing = regexp.MustCompile(`(?m)^\s*--- FAIL: (\S+)`)

func (h *hunt) try(ctx context.Context, t *trial) error {
	for _, u := range h.units {
		if u.slow || !u.reach[t.N] {
			continue
		}
		o, err := u.binary.start(ctx, fmt.Sprint(t.N), 4*u.took+h.grace, pattern(u.name), "-test.count=1", "-test.failfast")
		if err != nil {
			return err
		}
		if o.passed {
			t.Tests = append(t.Tests, u.name)
			continue
		}
		t.Verdict, t.By, t.Tests = killed, u.name, nil
		if o.timedOut {
			t.Verdict = timeout
		} else if names := failing.FindAllStringSubmatch(o.output, -1); len(names) > 0 {
			t.By = names[len(names)-1][1]
		}
		return nil
	}
	t.Verdict = survived
	if len(t.Tests) == 0 {
		t.Verdict = notReached
	}
	return nil
}

// parallel calls do for 0 to n-1, a few at a time, until one fails.
func parallel(ctx context.Context, workers, n int, do func(ctx context.Context, i int) error) error {
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(max(1, workers))
	for i := range n {
		if gctx.Err() != nil {
			break
		}
		g.Go(func() error {
			if gctx.Err() != nil {
				return gctx.Err()
			}
			return do(gctx, i)
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return ctx.Err()
}
