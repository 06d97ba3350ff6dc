package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"chatbridge/migrate"
	"chatbridge/migrate/queue"
)

// alongside asks for a pass of each migration and works beside other workers until the
// watch sees that all is over, or until this process is told to stop. Then it collects
// the results.
//
// A run that is under way may have left channels behind it in which somebody writes
// after that. So whoever joins one asks once more when it is over: what is said to be
// carried was there when this was asked for.
//
// Somebody else who does so may have opened a pass again before its result was read.
// That pass is waited for too, and no other is asked for.
func alongside(ctx context.Context, q *queue.Queue, work queue.Work, r *relay, w *watch) error {
	underWay, err := q.List(ctx, work.Migrations...)
	if err != nil {
		return err
	}
	for _, one := range underWay {
		if one.Stage == queue.StageWorking {
			w.again = append(w.again, one.Migration)
		}
	}
	w.ask = func(ctx context.Context, names ...string) error {
		w.forget(names) // the result of the next pass counts, whoever makes it
		return q.Ask(ctx, names...)
	}
	if err := q.Ask(ctx, work.Migrations...); err != nil {
		return err
	}
	for {
		if err := workBeside(ctx, q, work, r, w); err != nil {
			return err
		}
		if open, err := w.collect(ctx); err != nil || !open {
			return err
		}
	}
}

// workBeside works beside other workers until the watch ends.
func workBeside(ctx context.Context, q *queue.Queue, work queue.Work, r *relay, w *watch) error {
	// What goes wrong with the watching ends the work in good order.
	drain := make(chan struct{})
	var watched error
	var watching sync.WaitGroup
	watch, stop := context.WithCancel(ctx)
	defer stop()
	watching.Go(func() {
		defer close(drain)
		watched = w.until(watch, r.first)
	})
	work.Drain = drain
	err := q.Work(ctx, work)
	stop() // one that could not begin leaves nothing to watch
	watching.Wait()
	if r.stopped() {
		return nil // what was asked for is told from how far it came
	}
	return errors.Join(err, watched)
}

const (
	// watchEvery is how often it is looked at how far the workers are.
	watchEvery = time.Second
	// lookWithin bounds one look: a database may take what is asked and never answer.
	lookWithin = 10 * time.Second
)

// watch looks how far workers are, and says so now and then.
type watch struct {
	console *console
	quiet   bool
	// look says how far they are, in a line that may be empty, and whether all is over.
	look func(context.Context) (line string, over bool, err error)
	// again are migrations to ask for once more when all is over.
	again []string
	ask   func(ctx context.Context, migrations ...string) error
	// forget has what this process did for migrations count no more.
	forget func(migrations []string)
	// collect takes the results, whoever worked. It reports whether one could not be had
	// because its pass is open again.
	collect func(context.Context) (open bool, err error)
}

// until returns when all is over, when first is closed, or when ctx ends. It waits for a
// database that is away.
func (w *watch) until(ctx context.Context, first <-chan struct{}) error {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	told, said := "", time.Time{}
	for {
		line, over, err := w.within(ctx)
		if err == nil && over && len(w.again) > 0 {
			if err = w.ask(ctx, w.again...); err == nil {
				w.again, over = nil, false
			}
		}
		switch {
		case err != nil && migrate.KindOf(err) != migrate.Unavailable:
			return err
		case err != nil:
		case over:
			return nil
		case line != "" && line != told && time.Since(said) >= w.console.every && !w.quiet:
			fmt.Fprintln(w.console.err, line)
			told, said = line, time.Now()
		}
		select {
		case <-tick.C:
		case <-first:
		case <-ctx.Done():
		}
		select {
		case <-first: // a tick may have come during a long look
			return nil
		case <-ctx.Done():
			return nil
		default:
		}
	}
}

// within looks once.
func (w *watch) within(ctx context.Context) (line string, over bool, err error) {
	ctx, stop := context.WithTimeout(ctx, lookWithin)
	defer stop()
	return w.look(ctx)
}
