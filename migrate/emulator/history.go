package emulator

import (
	"cmp"
	"encoding/json"
	"iter"
	"slices"
	"sort"
)

// past is the messages of a channel as the source was seeded, in the order of
// their indexes.
type past interface {
	len() int
	index(at int) int64
	raw(at int) json.RawMessage
	find(sid string) (at int, found bool)
}

// history is the messages of a channel: the past, what was changed of it since,
// and what came after.
type history struct {
	base    past
	edited  map[int64]json.RawMessage // by index
	deleted map[int64]bool
	recent  []chatMessage
}

type chatMessage struct {
	index int64
	sid   string
	raw   json.RawMessage
}

// len counts the messages that are there.
func (h *history) len() int { return h.base.len() + len(h.recent) - len(h.deleted) }

// counted is what a channel says it has, with what was deleted since or without.
func (h *history) counted(withDeleted bool) int {
	if withDeleted {
		return h.len() + len(h.deleted)
	}
	return h.len()
}

// nextIndex is the index of a message that comes now. That of a deleted message
// is not used again.
func (h *history) nextIndex() int64 {
	if n := h.base.len() + len(h.recent); n > 0 {
		return h.indexAt(n-1) + 1
	}
	return 0
}

// at is the message at a position, counting deleted ones.
func (h *history) at(position int) (int64, json.RawMessage) {
	n := h.base.len()
	var index int64
	if position >= n {
		index = h.recent[position-n].index
	} else {
		index = h.base.index(position)
	}
	if raw, edited := h.edited[index]; edited {
		return index, raw
	}
	if position >= n {
		return index, h.recent[position-n].raw
	}
	return index, h.base.raw(position)
}

func (h *history) indexAt(position int) int64 {
	if n := h.base.len(); position >= n {
		return h.recent[position-n].index
	}
	return h.base.index(position)
}

// position is where the first message with at least that index is.
func (h *history) position(index int64) int {
	return sort.Search(h.base.len()+len(h.recent), func(i int) bool { return h.indexAt(i) >= index })
}

func (h *history) find(sid string) (json.RawMessage, bool) {
	index, found := h.indexOf(sid)
	if !found {
		return nil, false
	}
	_, raw := h.at(h.position(index))
	return raw, true
}

// indexOf is the index of a message that is there.
func (h *history) indexOf(sid string) (index int64, found bool) {
	if at, in := h.base.find(sid); in {
		index, found = h.base.index(at), true
	} else if at := slices.IndexFunc(h.recent, func(m chatMessage) bool { return m.sid == sid }); at >= 0 {
		index, found = h.recent[at].index, true
	}
	return index, found && !h.deleted[index]
}

func (h *history) edit(index int64, raw json.RawMessage) {
	if h.edited == nil {
		h.edited = map[int64]json.RawMessage{}
	}
	h.edited[index] = raw
}

func (h *history) delete(index int64) {
	if h.deleted == nil {
		h.deleted = map[int64]bool{}
	}
	h.deleted[index] = true
}

// from yields what comes after an index, or, backwards, before it.
func (h *history) from(after int64, backwards bool) iter.Seq2[int64, json.RawMessage] {
	return func(yield func(int64, json.RawMessage) bool) {
		total := h.base.len() + len(h.recent)
		step, at := 1, h.position(after+1)
		if backwards {
			step, at = -1, total-1
			if after != first {
				at = h.position(after) - 1
			}
		}
		for ; at >= 0 && at < total; at += step {
			if h.deleted[h.indexAt(at)] {
				continue
			}
			if !yield(h.at(at)) {
				return
			}
		}
	}
}

// nothing is the past of a channel without one.
type nothing struct{}

func (nothing) len() int                { return 0 }
func (nothing) index(int) int64         { return 0 }
func (nothing) raw(int) json.RawMessage { return nil }
func (nothing) find(string) (int, bool) { return 0, false }

// archived is a past that was read from an archive.
type archived []chatMessage

func (a archived) len() int                   { return len(a) }
func (a archived) index(at int) int64         { return a[at].index }
func (a archived) raw(at int) json.RawMessage { return a[at].raw }

func (a archived) find(sid string) (int, bool) {
	at := slices.IndexFunc(a, func(m chatMessage) bool { return m.sid == sid })
	return at, at >= 0
}

func (a archived) sort() {
	slices.SortFunc(a, func(x, y chatMessage) int { return cmp.Compare(x.index, y.index) })
}
