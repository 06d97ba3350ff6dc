package twilio

import (
	"context"
	"fmt"
	"iter"
)

// placed is a message of either side, with what orders it.
type placed[T any] struct {
	message T
	index   int64
	sid     string
}

// ordered follows a list of messages and yields, page by page, those that were
// not yielded before, in the order of their indexes. It remembers one page, not
// the channel.
//
// Pages may overlap where messages come or go while they are read, and where a
// list is begun again. A message that is out of its place and was not seen is
// an error: leaving it out would lose it.
type ordered[T any] struct {
	decode  func([]byte) (placed[T], error)
	newest  bool // newest first
	started bool
	last    int64           // yielded last
	before  map[string]bool // SIDs of the page before; nil while catching up with last
}

// take reads one page into what is new on it.
func (o *ordered[T]) take(p page) ([]placed[T], error) {
	fresh := make([]placed[T], 0, len(p.records))
	on := make(map[string]bool, len(p.records))
	for i, raw := range p.records {
		m, err := o.decode(raw)
		if err != nil {
			return fresh, err
		}
		on[m.sid] = true
		if !o.started || o.follows(m.index, o.last) {
			fresh = append(fresh, m)
			o.started, o.last = true, m.index
			continue
		}
		if o.before != nil && !o.before[m.sid] {
			return fresh, fmt.Errorf("message %s with index %d is out of place %d of its page", m.sid, m.index, i)
		}
	}
	if o.before != nil || len(fresh) > 0 {
		o.before = on
	}
	return fresh, nil
}

func (o *ordered[T]) follows(index, last int64) bool {
	if o.newest {
		return index < last
	}
	return index > last
}

// messages yields the fresh messages of each page of a list.
func messages[T any](h *host, ctx context.Context, op, sid string, newest bool, first func(*call) error,
	decode func([]byte) (placed[T], error)) iter.Seq2[[]placed[T], error] {
	return func(yield func([]placed[T], error) bool) {
		o := &ordered[T]{decode: decode, newest: newest}
		restarted := func() { o.before = nil }
		for p, err := range h.resumable(ctx, op, sid, first, restarted) {
			if err != nil {
				yield(nil, err)
				return
			}
			fresh, err := o.take(p)
			if len(fresh) > 0 && !yield(fresh, nil) {
				return
			}
			if err != nil {
				yield(nil, unreadable(op, sid, err))
				return
			}
		}
	}
}
