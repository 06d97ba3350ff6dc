package main

import (
	"context"
	"errors"
	"fmt"

	"chatbridge/migrate"
)

var errSecondSignal = &migrate.Error{
	Op: "run", Kind: migrate.Interrupted, Err: errors.New("stopped at once"), Hint: "run the same command again to resume",
}

// interruptible watches for signals until the returned function is called. The
// first closes drain, the second cancels the context.
func interruptible(ctx context.Context, c *console) (cut context.Context, drain <-chan struct{}, stop func()) {
	cut, cancel := context.WithCancelCause(ctx)
	signals, release := c.signals()
	drained, ended, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for asked := 0; ; {
			select {
			case <-ended:
				return
			case <-signals:
			}
			asked++
			if asked > 1 {
				c.sayOnce("stopping at once")
				cancel(errSecondSignal)
				return
			}
			c.sayOnce(finishing)
			close(drained)
		}
	}()
	return cut, drained, func() {
		release()
		close(ended)
		<-done
		cancel(nil)
	}
}

// finishing is what is said at the first signal.
const finishing = "stopping: finishing what is in flight; interrupt again to stop at once"

// sayOnce says what a signal brings about, unless whoever passed the signal on said it.
func (c *console) sayOnce(text string) {
	if !c.relayed {
		fmt.Fprintln(c.err, text)
	}
}

// cutAtOnce watches for signals until the returned function is called, and
// cancels the context at the first: for work that leaves nothing to finish.
func cutAtOnce(ctx context.Context, c *console) (cut context.Context, stop func()) {
	cut, cancel := context.WithCancelCause(ctx)
	signals, release := c.signals()
	ended, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		select {
		case <-ended:
		case <-signals:
			cancel(&migrate.Error{Op: "run", Kind: migrate.Interrupted, Err: errors.New("interrupted"), Hint: "run the same command again"})
		}
	}()
	return cut, func() {
		release()
		close(ended)
		<-done
		cancel(nil)
	}
}

// interrupted is err, and where a signal ended the work the error that says so.
func interrupted(ctx context.Context, err error) error {
	if err == nil || ctx.Err() == nil {
		return err
	}
	return context.Cause(ctx)
}
