package origin_test

import (
	"iter"
	"slices"

	"chatbridge/migrate/origin"
)

// migration runs passes over a world.
type migration struct {
	*world
	ledger  *ledger
	birth   origin.Birth
	crashed bool
	stopped *origin.Stop
	named   map[string]bool // messages of the target that a finding names
	faults  bool
	copies  int
	alones  int // read-backs that met nobody else
	log     []string

	altered   map[string]bool // of those named, the past ones that fit nothing
	rewrote   string          // one of them that was written again
	otherwise map[int64]bool  // messages of the source that a finding says are stored otherwise
	forgot    bool            // a ledger was lost
}

func all[T any](items []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, x := range items {
			if !yield(x, nil) {
				return
			}
		}
	}
}

// read asks about the whole, or about the tail.
func (m *migration) read(source []origin.Want, target []origin.Have, k origin.Knowledge) (origin.Decision, []origin.Verdict) {
	var verdicts []origin.Verdict
	d, err := origin.Read(all(source), all(target), k, func(v origin.Verdict) error {
		verdicts = append(verdicts, v)
		return nil
	})
	if err != nil {
		panic(err)
	}
	m.tell("read tail=%t crashed=%t confirmed=%d doubts=%v: next %d present %v copies %v stop %v whole %t", k.Tail, k.Crashed, len(m.ledger.confirmed), k.Doubts, d.Next, d.Present, d.Copies, d.Stop, d.Whole)
	for _, v := range verdicts {
		m.tell("   %v source %s target %s %s", v.Kind, v.SourceSID, v.TargetSID, v.Like)
	}
	if len(verdicts) < len(target) && !d.Whole {
		panic("a message of the target has no verdict")
	}
	return d, verdicts
}

func (m *migration) align(source []origin.Want, tail bool) (origin.Decision, []origin.Verdict) {
	target := m.haves()
	k := origin.Knowledge{Birth: m.birth, Confirmed: all(m.ledger.confirmed), Doubts: m.ledger.doubts, Crashed: m.crashed}
	if len(m.ledger.confirmed) == 0 {
		k.Confirmed = nil
	}
	if tail {
		newest, index := m.ledger.newest()
		k.Confirmed, k.Tail, k.Alone = nil, true, m.ledger.alone
		source = slices.DeleteFunc(slices.Clone(source), func(w origin.Want) bool { return w.Index <= newest })
		target = slices.DeleteFunc(target, func(h origin.Have) bool { return h.Index <= index })
	}
	return m.read(source, target, k)
}

// pass is one run over the channel. It ends early in a crash or at a stop.
func (m *migration) pass() {
	source := m.wants()
	tail := len(m.ledger.confirmed) > 0 && m.IntN(2) == 0
	d, verdicts := m.align(source, tail)
	for round := 0; m.crashed && round < 20; round++ {
		m.land(60)
		m.people(m.ledger)
		again, v := m.align(source, tail)
		agree := d.Agrees(&again)
		if d, verdicts = again, v; agree {
			break
		}
	}
	if d.Whole || slices.ContainsFunc(source, func(w origin.Want) bool { return d.Next >= 0 && w.Index >= d.Next && !d.Covers(w) }) {
		d, verdicts = m.align(source, false)
	}
	if m.stopped = d.Stop; d.Stop != nil {
		return
	}
	m.apply(d, verdicts)
	if m.crashed && d.Next != origin.None { // what was in flight may still land, behind what was there
		_, newest := m.ledger.newest()
		m.ledger.doubt(origin.Doubt{SourceIndex: d.Next, After: newest})
	}
	m.crashed = false
	for _, want := range source {
		if d.Next == origin.None || want.Index < d.Next {
			continue
		}
		if p, ok := d.Has(want.Index); ok {
			m.ledger.put(origin.Confirmed{SourceIndex: p.SourceIndex, TargetIndex: p.TargetIndex, SourceSID: p.SourceSID, TargetSID: p.TargetSID})
			continue
		}
		if !m.append(source, want) {
			return
		}
	}
	m.readBack(source)
	m.ledger.durable = len(m.ledger.confirmed)
}

// apply does what a reading asks for.
func (m *migration) apply(d origin.Decision, verdicts []origin.Verdict) {
	var found []origin.Confirmed
	for _, v := range verdicts {
		switch v.Kind {
		case origin.Ours, origin.OursOtherwise, origin.AlreadyThere:
			m.otherwise[v.SourceIndex] = m.otherwise[v.SourceIndex] || v.Kind == origin.OursOtherwise
			if d.Next == origin.None || v.SourceIndex < d.Next {
				found = append(found, origin.Confirmed{SourceIndex: v.SourceIndex, TargetIndex: v.TargetIndex, SourceSID: v.SourceSID, TargetSID: v.TargetSID})
			}
		case origin.Altered:
			m.named[v.TargetSID] = true
			m.altered[v.TargetSID] = true
		case origin.Foreign:
			m.named[v.TargetSID] = m.named[v.TargetSID] || v.MayBeCopy
		}
	}
	for _, c := range found {
		m.ledger.put(c)
	}
	slices.SortStableFunc(m.ledger.confirmed, func(a, b origin.Confirmed) int { return int(a.SourceIndex - b.SourceIndex) })
	for _, c := range d.Copies {
		if c.Stands(m.fetch(c.Of), m.fetch(c.SID)) {
			m.delete(c.SID)
			m.copies++
		}
	}
}

func (m *migration) readBack(source []origin.Want) {
	k := origin.Knowledge{Birth: m.birth, Confirmed: all(m.ledger.confirmed), Doubts: m.ledger.doubts}
	d, verdicts := m.read(source, m.haves(), k)
	if m.IntN(2) == 0 { // what is whole or has no copy needs no more than this
		k.Partial = true
		inDoubt := slices.DeleteFunc(slices.Clone(source), func(w origin.Want) bool {
			return !slices.ContainsFunc(m.ledger.doubts, func(d origin.Doubt) bool { return d.SourceIndex == w.Index })
		})
		if partly, v := m.read(inDoubt, m.haves(), k); len(partly.Copies) == 0 {
			d, verdicts = partly, v
		}
	}
	m.apply(d, verdicts)
	m.ledger.alone = !slices.ContainsFunc(verdicts, func(v origin.Verdict) bool {
		return v.Kind != origin.Known && v.Kind != origin.Deleted && v.Kind != origin.CopyOf
	})
	if m.ledger.alone {
		m.alones++
	}
}

// arrived looks for a message that was sent without an answer; ok is false if
// the channel stops.
func (m *migration) arrived(source []origin.Want, want origin.Want) (found, ok bool) {
	source = slices.DeleteFunc(slices.Clone(source), func(w origin.Want) bool { return w.Index > want.Index })
	d, verdicts := m.align(source, true)
	if d.Whole {
		d, verdicts = m.align(source, false)
	}
	if m.stopped = d.Stop; d.Stop != nil {
		return false, false
	}
	m.apply(d, verdicts)
	for _, v := range verdicts {
		if v.Kind == origin.Ours {
			for i := range m.ledger.doubts {
				if m.ledger.doubts[i].SourceIndex == v.SourceIndex {
					m.ledger.doubts[i].Sends--
				}
			}
		}
	}
	return d.Next != want.Index, true
}

// append writes one message until it is confirmed; false after a crash or at a
// stop.
func (m *migration) append(source []origin.Want, want origin.Want) bool {
	as := *m.source[want.Index]
	for range 6 {
		m.people(m.ledger)
		m.land(20)
		if m.crash() {
			return false
		}
		for _, t := range m.target {
			if t.of == m.source[want.Index] && m.altered[t.sid] && !t.deleted {
				m.rewrote = t.sid
			}
		}
		if !m.faults || m.IntN(100) >= m.mix.lossy {
			m.confirm(want, m.store(&as, false))
			return true
		}
		_, newest := m.ledger.newest()
		switch m.IntN(3) {
		case 0:
			m.store(&as, false)
		case 1:
			m.flying = append(m.flying, &as)
		}
		if m.crash() {
			return false
		}
		m.ledger.doubt(origin.Doubt{SourceIndex: want.Index, After: newest})
		m.land(70)
		m.people(m.ledger)
		if found, ok := m.arrived(source, want); found || !ok {
			return ok
		}
	}
	m.crashed = true
	return false
}

func (m *migration) confirm(want origin.Want, t *stored) {
	m.ledger.put(origin.Confirmed{SourceIndex: want.Index, TargetIndex: t.index, SourceSID: want.SID, TargetSID: t.sid})
	if m.IntN(4) == 0 {
		m.ledger.durable = len(m.ledger.confirmed)
	}
}

func (m *migration) crash() bool {
	if !m.faults || m.IntN(100) >= m.mix.crashes {
		return false
	}
	m.crashed = true
	l := m.ledger
	l.confirmed = l.confirmed[:l.durable+m.IntN(len(l.confirmed)-min(l.durable, len(l.confirmed))+1)]
	return true
}
