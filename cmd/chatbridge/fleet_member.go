package main

import (
	"bytes"
	"io"
	"sync"

	"chatbridge/migrate/metrics"
)

// member is what the console of one of many accounts has otherwise than that of a
// command by itself. A nil one is of such a command.
type member struct {
	name string
	own  ownSettings
	// source and target open the accounts; target is nil if that is the source's.
	source, target *credentials
	sinks          []sink
	told           bool // a whole result was written

	metrics *metrics.Metrics // nil if nobody asked for any

	mu    sync.Mutex
	shown *progress // of the work that began last; nil before any did
}

func (m *member) settings() ownSettings {
	if m == nil {
		return ownSettings{}
	}
	return m.own
}

func (m *member) credentials(prefix string) credentials {
	if prefix == targetPrefix && m.target != nil {
		return *m.target
	}
	return *m.source
}

// shows notes the progress of the work that begins.
func (m *member) shows(p *progress) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.shown = p
}

// sums are how much is done of what the account is known to have.
func (m *member) sums() (done, total int64) {
	m.mu.Lock()
	p := m.shown
	m.mu.Unlock()
	if p == nil {
		return 0, 0
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listing() {
		return 0, 0
	}
	return p.sums()
}

func (m *member) measure(c *connectionOptions) *meter {
	if m.metrics == nil {
		return nil
	}
	c.observe = m.metrics.Request
	return &meter{metrics: m.metrics}
}

// labelled puts the name of an account before each line that is written, or into it if
// it is an object.
type labelled struct {
	w     io.Writer
	label string // as a person reads it
	field []byte // as a program does; nil if no program reads it
}

func (l *labelled) Write(b []byte) (int, error) {
	var all bytes.Buffer
	for line := range bytes.Lines(b) {
		if rest, ok := bytes.CutPrefix(line, []byte("{")); ok && l.field != nil {
			all.WriteByte('{')
			all.Write(l.field)
			all.Write(rest)
			continue
		}
		all.WriteString(l.label)
		all.Write(line)
	}
	if _, err := l.w.Write(all.Bytes()); err != nil {
		return 0, err
	}
	return len(b), nil
}
