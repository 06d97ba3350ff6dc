package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/pflag"

	"chatbridge/migrate"
)

// durationOption ends a run in time.
type durationOption struct{ MaxDuration time.Duration }

const durationFlag = "max-duration"

func (o *durationOption) flags(fs *pflag.FlagSet) {
	settings(fs, func(fs *pflag.FlagSet) {
		fs.DurationVar(&o.MaxDuration, durationFlag, 0, "after this time, finish what is in flight and end; 0 sets no limit")
	})
}

func (o *durationOption) check() error {
	if o.MaxDuration < 0 {
		return usageError("write a duration with its unit, such as 2h; 0 sets no limit", "--max-duration %s is below 0", o.MaxDuration)
	}
	return nil
}

// expired says that a run ended because of --max-duration.
func (o *durationOption) expired() error {
	return &migrate.Error{
		Op: "run", Kind: migrate.Interrupted, Err: fmt.Errorf("the time of --max-duration %s is up", o.MaxDuration),
		Hint: "the ledger has what arrived; run the same command again to resume",
	}
}

const timeIsUp = "stopping: the time of --max-duration is up; finishing what is in flight"

// drained closes the returned channel when drain closes or the time is over,
// whichever is first; over says whether it was the time. The function ends the
// watch.
func (o *durationOption) drained(drain <-chan struct{}, c *console) (either <-chan struct{}, over func() bool, stop func()) {
	if o.MaxDuration <= 0 {
		return drain, func() bool { return false }, func() {}
	}
	closed, ended, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
	late := false
	go func() {
		defer close(done)
		timer := time.NewTimer(o.MaxDuration)
		defer timer.Stop()
		select {
		case <-ended:
			return
		case <-drain:
		case <-timer.C:
			late = true
			fmt.Fprintln(c.err, timeIsUp)
		}
		close(closed)
	}()
	stopped := false
	stop = func() {
		if !stopped {
			stopped = true
			close(ended)
			<-done
		}
	}
	return closed, func() bool { stop(); return late }, stop
}

// cut is ctx that ends when the time is over: for work that leaves nothing to
// finish.
func (o *durationOption) cut(ctx context.Context) (context.Context, context.CancelFunc) {
	if o.MaxDuration <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, o.MaxDuration, o.expired())
}
