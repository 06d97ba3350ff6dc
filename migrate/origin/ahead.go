package origin

import "iter"

// lookahead is how many messages of the source are held to find one that comes
// later: what people deleted in one stretch, or wrote while a run was down.
const lookahead = 1 << 14

// ahead is the source from the next message on. It holds one message as long as
// both sides agree, and reads on, in growing steps, to look for one.
type ahead struct {
	next func() (Want, error, bool)
	stop func()
	done bool
	last int64 // source index of the message read last

	held    []want
	first   int // position of held[0] in what was read
	indexed int // positions below are in the maps
	byID    map[identity][]int
	byKey   map[key][]int
}

func newAhead(source iter.Seq2[Want, error]) *ahead {
	a := &ahead{byID: map[identity][]int{}, byKey: map[key][]int{}}
	if source == nil {
		a.done, a.stop = true, func() {}
		return a
	}
	a.next, a.stop = iter.Pull2(source)
	return a
}

// fill reads on until n messages are held or the source ends.
func (a *ahead) fill(n int) error {
	for len(a.held) < n && !a.done {
		w, err, ok := a.next()
		if err != nil {
			return err
		}
		if !ok {
			a.done = true
			break
		}
		a.last = w.Index
		a.held = append(a.held, wantOf(w))
	}
	return nil
}

// head is the next message, and nil at the end.
func (a *ahead) head() (*want, error) {
	if err := a.fill(1); err != nil || len(a.held) == 0 {
		return nil, err
	}
	return &a.held[0], nil
}

// peek is the message at a position from the next one on; nil at the end.
func (a *ahead) peek(position int) (*want, error) {
	n := position - a.first
	if n < 0 || n >= lookahead {
		return nil, nil
	}
	if err := a.fill(n + 1); err != nil || n >= len(a.held) {
		return nil, err
	}
	return &a.held[n], nil
}

// take leaves the next message behind.
func (a *ahead) take() want {
	w := a.held[0]
	if a.first < a.indexed {
		for i := range distinct(w) {
			forget(a.byID, w.ids[i])
			forget(a.byKey, w.keys[i])
		}
	}
	a.held[0] = want{}
	a.held = a.held[1:]
	a.first++
	a.indexed = max(a.indexed, a.first)
	return w
}

// distinct is how many of the two keys of a message differ.
func distinct(w want) int {
	if w.keys[0] == w.keys[1] {
		return 1
	}
	return 2
}

// forget drops the smallest position of k, which is the one taken.
func forget[K comparable](m map[K][]int, k K) {
	if rest := m[k][1:]; len(rest) > 0 {
		m[k] = rest
	} else {
		delete(m, k)
	}
}

func (a *ahead) index() {
	for ; a.indexed < a.first+len(a.held); a.indexed++ {
		w := a.held[a.indexed-a.first]
		for i := range distinct(w) {
			a.byID[w.ids[i]] = append(a.byID[w.ids[i]], a.indexed)
			a.byKey[w.keys[i]] = append(a.byKey[w.keys[i]], a.indexed)
		}
	}
}

// find is how many messages lie before the next one that is equal to id; -1 if
// there is none.
func (a *ahead) find(id identity) (int, error) {
	for n := 64; ; n *= 8 {
		if err := a.fill(min(n, lookahead)); err != nil {
			return -1, err
		}
		a.index()
		if at := a.byID[id]; len(at) > 0 {
			return at[0] - a.first, nil
		}
		if n >= lookahead || a.done {
			return -1, nil
		}
	}
}

// only is how many messages lie before the one message with that key, of those in
// the maps; -1 if there is none, or more than one.
func (a *ahead) only(k key) int {
	if at := a.byKey[k]; len(at) == 1 {
		return at[0] - a.first
	}
	return -1
}
