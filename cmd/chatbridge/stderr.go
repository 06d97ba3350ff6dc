package main

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"

	"chatbridge/reports"
)

// stderr is what everybody writes to who has something to say beside a result: the
// log, the plan, the progress, a hint. It keeps them from writing over the bar, and
// makes JSON of what is not, if the log is to be JSON.
type stderr struct {
	mu   sync.Mutex
	w    io.Writer
	bar  *bar // nil if none is shown
	half bool // what was written last to its terminal did not end its line
	json bool
}

// stream is what is written to in the end.
func (s *stderr) stream() io.Writer { return s.w }

// Write takes whole lines: who asks a question ends it without a line break.
func (s *stderr) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.json {
		if _, err := s.w.Write(asJSON(b, time.Now())); err != nil {
			return 0, err
		}
		return len(b), nil
	}
	if isTerminal(s.w) {
		if _, err := s.around(s.w, []byte(reports.Wrap(string(b), columnsOf(s.w)))); err != nil {
			return 0, err
		}
		return len(b), nil
	}
	return s.around(s.w, b)
}

// around writes b to w where the bar is, and shows the bar again below. The lock
// is held.
func (s *stderr) around(w io.Writer, b []byte) (int, error) {
	if s.bar == nil {
		return w.Write(b)
	}
	if !s.half {
		s.bar.clear()
	}
	n, err := w.Write(b)
	if s.half = !bytes.HasSuffix(b, []byte("\n")); !s.half {
		s.bar.again()
	}
	return n, err
}

// shows puts a bar there, or with nil takes it away.
func (s *stderr) shows(b *bar) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bar != nil {
		s.bar.clear()
	}
	s.bar, s.half = b, false
}

// draw draws the bar, if it is still there.
func (s *stderr) draw(done, total int64, texts, happening []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bar != nil && !s.half {
		s.bar.draw(done, total, texts, happening)
	}
}

// asJSON makes of each line an object as the log has it, unless it is one.
func asJSON(text []byte, now time.Time) []byte {
	var all bytes.Buffer
	for line := range bytes.Lines(text) {
		line = bytes.TrimRight(line, "\r\n")
		switch {
		case len(bytes.TrimSpace(line)) == 0:
			continue
		case line[0] == '{' && json.Valid(line):
			all.Write(line)
		default:
			all.Write(note(now, string(line)))
		}
		all.WriteByte('\n')
	}
	return all.Bytes()
}

// note is a line for a person as an object for a program.
func note(now time.Time, line string) []byte {
	level := slog.LevelInfo
	if rest, ok := strings.CutPrefix(line, "warning: "); ok {
		level, line = slog.LevelWarn, rest
	}
	// Texts always encode.
	raw, _ := json.Marshal(struct {
		Time  time.Time `json:"time"`
		Level string    `json:"level"`
		Msg   string    `json:"msg"`
	}{now, level.String(), reports.Plain(strings.TrimSpace(line))})
	return raw
}

// besideBar is stdout on the same terminal as the bar.
type besideBar struct {
	w   io.Writer
	err *stderr
}

func (o *besideBar) stream() io.Writer { return o.w }

// Columns is how wide the terminal is, for a report to fit.
func (o *besideBar) Columns() int { return columnsOf(o.w) }

func (o *besideBar) Write(b []byte) (int, error) {
	o.err.mu.Lock()
	defer o.err.mu.Unlock()
	return o.err.around(o.w, b)
}

// streamOf is the stream that a writer of ours writes to in the end.
func streamOf(w any) any {
	for {
		inner, ok := w.(interface{ stream() io.Writer })
		if !ok {
			return w
		}
		w = inner.stream()
	}
}
