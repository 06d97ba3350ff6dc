package emulator

import (
	"cmp"
	"iter"
	"slices"
)

// message is kept small: an emulator holds hundreds of thousands.
type message struct {
	index            int64
	id               id
	participant      id // zero where the author is none
	author           string
	body             string
	attributes       string
	files            []*file
	created, updated date
}

// timeline is the messages of a conversation, in the order of their indexes.
type timeline struct {
	messages []message
	indexes  map[id]int64
	next     int64
	removed  int // messages
}

// append gives the message its index: the next, or one a little further on, as
// Twilio says it may be.
func (t *timeline) append(m message, seed uint64, gaps float64) *message {
	m.index = t.next
	if h := mix(seed, uint64(t.next)); hits(gaps, h) && t.next > 0 {
		m.index += 1 + int64(h%3)
	}
	return t.put(m)
}

// put adds a message that has its index, which must be beyond all others.
func (t *timeline) put(m message) *message {
	if t.indexes == nil {
		t.indexes = map[id]int64{}
	}
	t.next = m.index + 1
	t.indexes[m.id] = m.index
	t.messages = append(t.messages, m)
	return &t.messages[len(t.messages)-1]
}

func (t *timeline) find(sid string) (int, bool) {
	i, read := parseID("IM", sid)
	index, found := t.indexes[i]
	if !read || !found {
		return 0, false
	}
	return t.position(index)
}

func (t *timeline) position(index int64) (int, bool) {
	return slices.BinarySearchFunc(t.messages, index, func(m message, i int64) int { return cmp.Compare(m.index, i) })
}

func (t *timeline) remove(at int) {
	delete(t.indexes, t.messages[at].id)
	t.removed++
	t.messages = slices.Delete(t.messages, at, at+1)
}

// unread counts the messages beyond an index.
func (t *timeline) unread(index int64) int64 {
	at, _ := t.position(index + 1)
	return int64(len(t.messages) - at)
}

// from yields what comes after an index, or, backwards, before it.
func (t *timeline) from(after int64, backwards bool) iter.Seq2[int64, *message] {
	return func(yield func(int64, *message) bool) {
		step, at := 1, 0
		switch {
		case backwards && after == first:
			step, at = -1, len(t.messages)-1
		case backwards:
			at, _ = t.position(after)
			step, at = -1, at-1
		default:
			at, _ = t.position(after + 1)
		}
		for ; at >= 0 && at < len(t.messages); at += step {
			if !yield(t.messages[at].index, &t.messages[at]) {
				return
			}
		}
	}
}
