package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/spf13/pflag"

	"chatbridge/migrate"
	"chatbridge/reports"
)

// pauseOption holds new writes back while a file is there, or outside some hours.
type pauseOption struct {
	PauseFile string
	Hours     string
}

func (o *pauseOption) flags(fs *pflag.FlagSet) {
	settings(fs, func(fs *pflag.FlagSet) {
		fs.StringVar(&o.PauseFile, "pause-file", "", "begin no write while this `file` exists; remove it to go on")
		fs.StringVar(&o.Hours, "hours", "", "write only between these `times`, such as 22:00-06:00, by the clock of this machine")
	})
}

func (o *pauseOption) check() error {
	if _, err := parseHours(o.Hours); err != nil {
		return err
	}
	if o.PauseFile == "" {
		return nil
	}
	if info, err := os.Stat(filepath.Dir(o.PauseFile)); err != nil || !info.IsDir() {
		return usageError("make the folder, or name a file in another one; chatbridge looks for the file every second", "the folder of --pause-file %q does not exist", o.PauseFile)
	}
	return nil
}

// pauseEvery is the time between two looks whether to pause.
const pauseEvery = time.Second

// watch has writes with the returned context wait while they are to, until the
// returned function is called. tell is told when they go on.
func (o *pauseOption) watch(ctx context.Context, tell func(string)) (_ context.Context, stop func()) {
	hours, err := parseHours(o.Hours)
	if o.PauseFile == "" && (hours == nil || err != nil) {
		return ctx, func() {}
	}
	p := &migrate.Pause{}
	ctx = migrate.WithPause(ctx, p)
	paused, since, over := "", time.Now(), func() {}
	look := func(now time.Time) {
		reason := o.reason(hours, now)
		if reason == paused {
			return
		}
		over()
		over = func() {}
		switch {
		case reason == "":
			tell("going on after a pause of " + reports.Duration(now.Sub(since).Seconds()))
		case paused == "":
			since = now
		}
		if reason != "" {
			over = migrate.Awaiting(ctx, migrate.Paused, reason)
		}
		paused = reason
		p.Set(reason)
	}
	look(time.Now())
	ended := make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() {
		tick := time.NewTicker(pauseEvery)
		defer tick.Stop()
		for {
			select {
			case <-ended:
				over()
				return
			case now := <-tick.C:
				look(now)
			}
		}
	})
	return ctx, func() {
		close(ended)
		running.Wait()
	}
}

// reason is why writes have to wait, empty if they have not. A file that cannot be
// looked for counts as there: who wanted a pause must not be passed over.
func (o *pauseOption) reason(h *hours, now time.Time) string {
	if o.PauseFile != "" {
		switch _, err := os.Lstat(o.PauseFile); {
		case err == nil:
			return fmt.Sprintf("the file %s exists; remove it to go on", o.PauseFile)
		case !errors.Is(err, fs.ErrNotExist):
			return fmt.Sprintf("cannot tell whether the file of --pause-file exists: %v", err)
		}
	}
	if h != nil && !h.contain(now) {
		return fmt.Sprintf("outside --hours %s; resumes at %s", h, h.from)
	}
	return ""
}

// unpaused waits until a write may begin, unless the program is told to stop.
func unpaused(ctx context.Context, stop <-chan struct{}) error {
	for {
		reason, changed := migrate.PauseOf(ctx).Reason()
		if reason == "" {
			return context.Cause(ctx)
		}
		select {
		case <-changed:
		case <-stop:
			return migrate.ErrDrained
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
