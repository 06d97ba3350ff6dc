package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"
	"golang.org/x/term"

	"chatbridge/migrate"
	"chatbridge/reports"
)

// watcher shows a status again and again until the run ends.
type watcher struct {
	read  func(context.Context) (reports.Status, error)
	every time.Duration
	form  reports.Format
	out   io.Writer
	// size is that of the terminal to draw on; nil where lines are appended.
	size func() (width, height int)
}

func (o *statusOptions) watcher(form reports.Format, read func(context.Context) (reports.Status, error)) *watcher {
	w := &watcher{read: read, every: o.Interval, form: form, out: o.console.out}
	if form == reports.Text && o.console.terminal(o.console.out) && o.console.getenv("TERM") != "dumb" {
		w.size = o.size
	}
	return w
}

// What a terminal is told: to show another screen without a cursor, to go back
// to the first one, and to draw over what is there.
const (
	screenOpen  = "\x1b[?1049h\x1b[?25l"
	screenClose = "\x1b[?25h\x1b[?1049l"
	screenHome  = "\x1b[H"
	lineRest    = "\x1b[K"
	screenRest  = "\x1b[J"
)

// watch ends when the run has ended and no other is to follow, with what that means, or with the error of
// the context. The terminal is left as it was, with the last status on it.
func (w *watcher) watch(ctx context.Context) error {
	if w.size != nil {
		fmt.Fprint(w.out, screenOpen)
	}
	last, err := w.loop(ctx)
	if w.size != nil {
		fmt.Fprint(w.out, screenClose)
		if last.Ledger != "" {
			err = errors.Join(reports.WriteStatus(w.out, w.form, last), err)
		}
	}
	if err != nil && ctx.Err() != nil {
		return &migrate.Error{
			Op: "watch", Kind: migrate.Interrupted,
			Err: errors.New("interrupted; the migration itself was not touched"), Hint: "look again with: chatbridge status --watch",
		}
	}
	if err != nil {
		return err
	}
	return meaning(last)
}

func (w *watcher) loop(ctx context.Context) (last reports.Status, err error) {
	tick := time.NewTicker(w.every)
	defer tick.Stop()
	for {
		s, err := w.read(ctx)
		if err != nil {
			return last, err
		}
		last = s
		if err := w.show(s); err != nil || !s.GoesOn() {
			return last, err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return last, context.Cause(ctx)
		}
	}
}

func (w *watcher) show(s reports.Status) error {
	if w.size == nil {
		return reports.WriteStatusLine(w.out, w.form, s)
	}
	width, height := w.size()
	text := sized{columns: width}
	if err := reports.WriteStatus(&text, w.form, s); err != nil {
		return err
	}
	_, err := io.WriteString(w.out, frame(text.String(), width, height))
	return err
}

// sized is a text for a terminal that is so wide.
type sized struct {
	bytes.Buffer
	columns int
}

func (s *sized) Columns() int { return s.columns }

// frame draws text over what a terminal shows, cut to what fits: a line that
// wraps would move all others.
func frame(text string, width, height int) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	lines = lines[:min(len(lines), max(1, height))]
	var b strings.Builder
	b.WriteString(screenHome)
	for i, line := range lines {
		if i > 0 {
			b.WriteString("\r\n")
		}
		b.WriteString(runewidth.Truncate(line, width, "…") + lineRest)
	}
	b.WriteString(screenRest)
	return b.String()
}

// terminalSize is the size of the terminal on stdout, and that of an old one
// where it does not say.
func terminalSize() (width, height int) {
	width, height, err := term.GetSize(int(os.Stdout.Fd()))
	if err != nil || width <= 0 || height <= 0 {
		return 80, 24
	}
	return width, height
}

// meaningOfUndo is the exit status of an undo that has ended, as an error. Ledgers of
// older versions do not say how it did.
func meaningOfUndo(ended string) error {
	switch ended {
	case migrate.Partial:
		return &outcome{exitIncomplete, "the undo left things in the target", "to see what stays, and why: chatbridge undo"}
	case migrate.InterruptedStatus:
		return &outcome{exitInterrupted, "the undo was interrupted", "to go on: chatbridge undo --execute"}
	case migrate.FailedStatus:
		return &outcome{exitFailed, "the undo failed", "to go on: chatbridge undo --execute"}
	}
	return nil
}

// meaning is the exit status of a run that has ended, as an error.
func meaning(s reports.Status) error {
	resume := "to resume: chatbridge migrate"
	switch {
	case s.Work != nil && s.Work.Stage == migrate.WorkFailed:
		return &outcome{exitFailed, fmt.Sprintf("no worker can work pass %d: %s", s.Work.Pass, s.Work.Reason),
			"when that is changed, ask for it again: chatbridge migrate"}
	case s.Run == nil:
		return &migrate.Error{Op: "watch", Kind: migrate.Usage, Err: errors.New("no migration recorded yet"), Hint: "to begin: chatbridge migrate"}
	case s.Run.EndedAt == nil && s.Run.Command == reports.UndoRun:
		return &outcome{exitInterrupted, "the undo ended without recording it", "to go on: chatbridge undo --execute"}
	case s.Run.EndedAt == nil:
		return &outcome{exitInterrupted, "the run ended without recording it", resume}
	case s.Run.Status == migrate.UndoneStatus:
		return meaningOfUndo(s.Run.Outcome)
	case s.Run.Status == migrate.Complete:
		return nil
	case s.Run.Status == migrate.Partial:
		return &outcome{exitIncomplete, plural(len(s.Failures), "resource was", "resources were") + " not carried whole",
			"to try them again: chatbridge migrate --only-failed"}
	case s.Run.Status == migrate.InterruptedStatus:
		return &outcome{exitInterrupted, "the run was interrupted", resume}
	default:
		return &outcome{exitFailed, "the run failed", resume}
	}
}
