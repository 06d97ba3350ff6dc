package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/mattn/go-isatty"

	"chatbridge/migrate"
	"chatbridge/reports"
)

// console is all that a command knows of the process it runs in.
type console struct {
	in  io.Reader
	out io.Writer
	err io.Writer
	env []string // as os.Environ gives it

	// terminal reports whether a person sits behind a stream.
	terminal func(stream any) bool
	// signals delivers interrupts until the returned function is called.
	signals func() (<-chan os.Signal, func())
	// relayed says that signals come by way of a relay, which says what they bring about.
	relayed bool
	// next completes the commands that a report or a hint names; may be nil.
	next *nextCommands
	here surroundings
	// given are the settings of the command that are not the default, and from is
	// where its report comes from, once that is known.
	given []reports.Setting
	from  *reports.Provenance
	// every is the time between two status lines.
	every time.Duration
	// waits knows what the command waits for; may be nil.
	waits *migrate.Waits
	// of says which of many accounts it is for; nil for a command by itself.
	of *member
}

// statusEvery is how often progress is told where there is no terminal: often
// enough to see that it lives, seldom enough for a log that is kept.
const statusEvery = 10 * time.Second

func newConsole() *console {
	shown := &stderr{w: os.Stderr}
	var out io.Writer = os.Stdout
	if isTerminal(out) {
		out = &besideBar{out, shown}
	}
	return &console{
		in:       os.Stdin,
		out:      out,
		err:      shown,
		env:      os.Environ(),
		terminal: isTerminal,
		next:     &nextCommands{},
		signals:  interrupts,
		here:     surroundingsOf(),
		every:    statusEvery,
	}
}

// stderr is where everything is written that is beside the result.
func (c *console) stderr() *stderr {
	if s, ok := c.err.(*stderr); ok {
		return s
	}
	return &stderr{w: c.err}
}

func isTerminal(stream any) bool {
	f, ok := streamOf(stream).(*os.File)
	return ok && (isatty.IsTerminal(f.Fd()) || isatty.IsCygwinTerminal(f.Fd()))
}

// interrupts are what asks the program to end. A terminal that is gone asks too,
// unless somebody told the program not to mind, as nohup does.
func interrupts() (<-chan os.Signal, func()) {
	c := make(chan os.Signal, 2)
	signal.Notify(c, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) {
		signal.Notify(c, syscall.SIGHUP)
	}
	return c, func() { signal.Stop(c) }
}

// getenv is the value of a variable, and empty where it is not set.
func (c *console) getenv(name string) string {
	for _, pair := range c.env {
		if key, value, _ := strings.Cut(pair, "="); key == name {
			return value
		}
	}
	return ""
}

// confirm asks whether to begin, and returns an error unless the answer is yes.
// A signal is an answer too: nobody is waited for any more, and what is typed
// later begins nothing.
func (c *console) confirm(ctx context.Context) error {
	ctx, stop := cutAtOnce(ctx, c)
	defer stop()
	fmt.Fprint(c.err, "Begin? [y/N] ")
	answered := make(chan string, 1)
	go func() {
		// It cannot be called off, and ends with the program.
		answer, _ := bufio.NewReader(c.in).ReadString('\n')
		answered <- answer
	}()
	var answer string
	select {
	case answer = <-answered:
	case <-ctx.Done():
	}
	if ctx.Err() != nil {
		fmt.Fprintln(c.err)
		return context.Cause(ctx)
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return nil
	}
	return usageError("run the same command again when you are ready", "not begun")
}
