// Package drain has what every verb needs to stop in good order: to wait unless
// told to stop, to ask before each write whether to go on, to run a bounded
// number of things at once and wait for all of them, and to lock in a way that
// ends with the context.
//
// A drain finishes what is in flight and begins nothing new; a cancelled context
// ends at once. Either may happen at any time.
package drain

import (
	"context"
	"iter"
	"sync"

	"golang.org/x/sync/errgroup"
)

// Job is the work on one item.
type Job func(context.Context) error

// Each reads a list and runs the job of each item, limit of them at most at a
// time. start is called for one item after the other, in the order of the list;
// a nil job is no work.
//
// The first error, of the list or of a job, ends the reading and the context
// that the list and the jobs were given, and is returned when the last job has
// ended. If ctx ends before the list does, that is an error too.
func Each[T any](ctx context.Context, limit int, list func(context.Context) iter.Seq2[T, error], start func(T) Job) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var (
		once  sync.Once
		first error
	)
	fail := func(err error) {
		once.Do(func() { first = err })
		cancel(err)
	}
	var g errgroup.Group
	g.SetLimit(limit)
	// Also if a sequence or start panics: the jobs use what the caller would free.
	defer g.Wait()
	for item, err := range list(ctx) {
		if err == nil && ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			fail(err)
			break
		}
		job := start(item)
		if job == nil {
			continue
		}
		g.Go(func() error {
			if err := job(ctx); err != nil {
				fail(err)
			}
			return nil
		})
	}
	_ = g.Wait()
	return first
}
