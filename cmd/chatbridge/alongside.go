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

// alongside works beside other workers until the watch sees that all is over, or until
// this process is told to stop.
func alongside(ctx context.Context, q *queue.Queue, work queue.Work, r *relay, w *watch) error {
	// What goes wrong with the watching ends the work in good order.
	drain := make(chan struct{})
	var watched error
	var watching sync.WaitGroup
	watching.Go(func() {
		defer close(drain)
		watched = w.until(ctx, r.first)
	})
	work.Drain = drain
	err := q.Work(ctx, work)
	watching.Wait()
	if r.stopped() {
		return nil // what was asked for is told from how far it came
	}
	return errors.Join(err, watched)
}

// watchEvery is how often it is looked at how far the workers are.
const watchEvery = time.Second

// watch looks how far workers are, and says so now and then.
type watch struct {
	console *console
	quiet   bool
	// look says how far they are, in a line that may be empty, and whether all is over.
	look func(context.Context) (line string, over bool, err error)
}

// until returns when all is over, when first is closed, or when ctx ends. It waits for a
// database that is away.
func (w *watch) until(ctx context.Context, first <-chan struct{}) error {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	told, said := "", time.Time{}
	for {
		line, over, err := w.look(ctx)
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
			return nil
		case <-ctx.Done():
			return nil
		}
	}
}
