package origin_test

import (
	"fmt"
	"slices"
)

// wrong says what really went wrong in a history; nothing if all is well.
func (m *migration) wrong() string {
	for _, t := range m.deletedByUs {
		if t.people {
			return fmt.Sprintf("deleted %s, which people wrote", t.sid)
		}
		if t.altered && !m.mix.alters {
			return fmt.Sprintf("deleted %s, which people edited", t.sid)
		}
	}
	if m.rewrote != "" {
		return fmt.Sprintf("%s fitted nothing, and was doubled", m.rewrote)
	}
	if m.stopped != nil {
		return m.idle()
	}
	type count struct{ want, live, have, gone, knownGone, chance int }
	counts := map[int]*count{}
	of := func(id int) *count {
		class := m.twins.class(id)
		if counts[class] == nil {
			counts[class] = &count{}
		}
		return counts[class]
	}
	for _, s := range m.source {
		of(s.id).want++
		if !s.deleted && !m.otherwise[int64(s.id)] {
			of(s.id).live++
		}
	}
	ours := map[*stored]bool{}
	for _, t := range m.deletedByUs {
		ours[t] = true
	}
	for _, t := range m.target {
		switch {
		case ours[t]:
		case t.of != nil && !t.deleted && (t.altered || t.of.changed) && t.author == "system" && t.people: // nothing tells whom it mirrors
			of(t.of.id).chance++
		case t.of == nil:
			for _, s := range m.source { // by chance the same: then it is there
				if s.at == t.at && s.author == t.author && s.body == t.body {
					of(s.id).chance++
				}
			}
		case !t.deleted && !m.named[t.sid]:
			of(t.of.id).have++
		case t.deleted:
			of(t.of.id).gone++
			if t.known {
				of(t.of.id).knownGone++
			}
		}
	}
	for class, c := range counts {
		named := m.namedOf(class)
		switch {
		case c.have > c.want && (c.live > 0 || !m.forgot && len(m.names) == 1): // with the source gone, only ledger and name tell
			return fmt.Sprintf("source message %d is doubled: %+v", class, *c)
		case c.have+named+c.gone+c.chance < c.live:
			return fmt.Sprintf("source message %d is lost: %+v", class, *c)
		case !m.forgot && m.mix.crashes == 0 && c.have+c.knownGone > c.want:
			return fmt.Sprintf("source message %d was deleted by people and written again: %+v", class, *c)
		}
	}
	return ""
}

// namedOf counts messages that are there and that a finding names.
func (m *migration) namedOf(class int) int {
	n := 0
	for _, t := range m.target {
		if t.of != nil && !t.deleted && m.named[t.sid] && m.twins.class(t.of.id) == class {
			n++
		}
	}
	return n
}

// idle says whether the channel stopped for nothing: nothing had happened to any
// of ours, and what the stop names is ours, too.
func (m *migration) idle() string {
	if m.odd() {
		return ""
	}
	for _, sid := range m.stopped.Target {
		if t := m.bySID(sid); t.of == nil || t.people {
			return ""
		}
	}
	return fmt.Sprintf("stopped for nothing: %v", m.stopped)
}

// hasTwin reports whether the source had another message like s.
func (m *migration) hasTwin(s *said) bool {
	return slices.ContainsFunc(m.source, func(o *said) bool {
		return o != s && m.twins.class(o.id) == m.twins.class(s.id)
	})
}

// odd reports whether a message that both sides have was deleted, changed or
// doubled, or has a twin.
func (m *migration) odd() bool {
	return slices.ContainsFunc(m.target, func(t *stored) bool {
		return t.of != nil && (t.deleted || t.altered || t.second || t.of.changed || m.hasTwin(t.of))
	})
}

// left counts messages that are there more often than in the source, with the
// ledger kept and nothing changed: each should have been removed.
func (m *migration) left() int {
	if m.stopped != nil || m.forgot {
		return 0
	}
	surplus := map[int]int{}
	for _, t := range m.target {
		if t.of != nil && !t.people && !t.altered && !t.deleted {
			surplus[m.twins.class(t.of.id)]++
		}
	}
	for _, s := range m.source {
		surplus[m.twins.class(s.id)]--
	}
	n := 0
	for _, more := range surplus {
		n += max(0, more)
	}
	return n
}
