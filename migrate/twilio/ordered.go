package twilio

import "fmt"

// placed is a message of either side, with what orders it.
type placed[T any] struct {
	message T
	index   int64
	sid     string
	bytes   int // of its record
}

// ordered follows a list of messages and yields, page by page, those that were
// not yielded before, in the order of their indexes. It remembers one page, not
// the channel.
//
// A page is held to the order that was asked for, the first one too: a service
// that ignores it shows the wrong end of the channel first. Pages may overlap
// where messages come or go while they are read, and where a list is begun
// again. A message that is out of its place and was not on the page before is an
// error: leaving it out would lose it.
type ordered[T any] struct {
	decode  func([]byte) (placed[T], error)
	newest  bool            // newest first
	yielded mark            // the last one yielded, in this reading of the list or before
	read    mark            // the furthest one of this reading
	before  map[string]bool // SIDs of the page before, in this reading
}

// mark is a place in a list, if there is one yet.
type mark struct {
	index int64
	set   bool
}

// take reads one page into what is new on it: nothing if one message is out of its
// place, because then the first ones may be the last of the channel.
func (o *ordered[T]) take(p page) ([]placed[T], error) {
	fresh := make([]placed[T], 0, len(p.records))
	on := make(map[string]bool, len(p.records))
	var above mark // on this page
	for i, raw := range p.records {
		m, err := o.decode(raw)
		if err != nil {
			return fresh, err
		}
		twice := on[m.sid] && m.index == above.index
		overlaps := on[m.sid] || o.before[m.sid]
		if !o.follows(m.index, above) && !twice || !o.follows(m.index, o.read) && !overlaps {
			return nil, fmt.Errorf("message %s with index %d is out of order at place %d of its page", m.sid, m.index, i)
		}
		on[m.sid], above = true, mark{m.index, true}
		if o.follows(m.index, o.read) {
			o.read = above
		}
		if o.follows(m.index, o.yielded) {
			m.bytes = len(raw)
			fresh = append(fresh, m)
			o.yielded = above
		}
	}
	// An empty page says nothing of where the list is: the next may overlap the
	// one before it.
	if len(on) > 0 {
		o.before = on
	}
	return fresh, nil
}

// restart says that the list is read from its beginning again.
func (o *ordered[T]) restart() { o.read, o.before = mark{}, nil }

func (o *ordered[T]) follows(index int64, last mark) bool {
	switch {
	case !last.set:
		return true
	case o.newest:
		return index < last.index
	}
	return index > last.index
}
