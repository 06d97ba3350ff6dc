package verify

import "iter"

// windowMost bounds how far a comparison looks ahead, in messages of one side.
// A digest takes about 120 bytes, so that a window stays under 8 MiB.
const windowMost = 1 << 16

// window is a stretch of one side of a comparison.
type window struct {
	held []digest
	next func() (digest, error, bool)
	stop func()
	done bool
}

func newWindow(seq iter.Seq2[digest, error]) *window {
	w := &window{}
	w.next, w.stop = iter.Pull2(seq)
	return w
}

// fill reads on until n are held or the side ends.
func (w *window) fill(n int) error {
	for len(w.held) < n && !w.done {
		d, err, ok := w.next()
		if !ok {
			w.done = true
			break
		}
		if err != nil {
			w.done = true
			return err
		}
		w.held = append(w.held, d)
	}
	return nil
}

// drop leaves the first n behind.
func (w *window) drop(n int) {
	w.held = append(w.held[:0], w.held[n:]...)
}

// nextMatch finds the nearest message that both sides have: how many of each to skip
// to get there. Where there is none within the window, both are skipped whole.
func nextMatch(want, have *window) (skipWant, skipHave int, met bool, err error) {
	for size := 1; ; size *= 8 {
		if err := cmpErr(want.fill(size), have.fill(size)); err != nil {
			return 0, 0, false, err
		}
		if size == 1 && headsMeet(want.held, have.held) {
			return 0, 0, true, nil
		}
		if skipWant, skipHave, met = nearestMatch(want.held, have.held); met {
			return skipWant, skipHave, true, nil
		}
		if want.done && have.done || size >= windowMost {
			return len(want.held), len(have.held), false, nil
		}
	}
}

func headsMeet(want, have []digest) bool {
	return len(want) > 0 && len(have) > 0 && want[0].blocked == "" && want[0].is(have[0].identity())
}

func nearestMatch(want, have []digest) (skipWant, skipHave int, met bool) {
	first := make(map[identity]int, len(want))
	for i, d := range want {
		if d.blocked != "" {
			continue
		}
		for _, id := range append([]identity{d.identity()}, d.instead...) {
			if _, ok := first[id]; !ok {
				first[id] = i
			}
		}
	}
	best := len(want) + len(have) + 1
	for j, d := range have {
		if j >= best {
			break
		}
		if i, ok := first[d.identity()]; ok && i+j < best {
			best, skipWant, skipHave, met = i+j, i, j, true
		}
	}
	return skipWant, skipHave, met
}
