package origin

import "iter"

// ledger is what the ledger confirmed, in source order.
type ledger struct {
	next   func() (Confirmed, error, bool)
	stop   func()
	head   Confirmed
	more   bool
	newest int64 // highest index of the target that was read
}

func newLedger(all iter.Seq2[Confirmed, error]) *ledger {
	l := &ledger{newest: -1, stop: func() {}}
	if all != nil {
		l.next, l.stop = iter.Pull2(all)
	}
	return l
}

func (l *ledger) peek() (*Confirmed, error) {
	for !l.more && l.next != nil {
		c, err, ok := l.next()
		if err != nil {
			return nil, err
		}
		if !ok {
			l.next = nil
			break
		}
		l.head, l.more = c, true
		l.newest = max(l.newest, c.TargetIndex)
	}
	if !l.more {
		return nil, nil
	}
	return &l.head, nil
}

func (l *ledger) take() Confirmed {
	l.more = false
	return l.head
}

// behind reports whether an index of the target lies behind the last confirmed
// one.
func (l *ledger) behind(index int64) bool { return !l.more && index > l.newest }

// leaves reports whether a message of the source can stand before the next
// confirmed one. That one itself stands where the ledger says: what is equal to
// it elsewhere is a copy.
func (l *ledger) leaves(sourceIndex int64) bool { return !l.more || sourceIndex < l.head.SourceIndex }

// confirmed reports whether the ledger has h, and judges what it had before h
// and the target does not show.
func (r *reading) confirmed(h have) (bool, error) {
	for {
		c, err := r.ledger.peek()
		if err != nil || c == nil || c.TargetIndex > h.Index {
			return false, err
		}
		if err := r.decide(false); err != nil {
			return false, err
		}
		r.ledger.take()
		if c.TargetIndex == h.Index && c.TargetSID == h.SID {
			return true, r.known(*c, &h)
		}
		if err := r.unseen(*c); err != nil {
			return false, err
		}
	}
}

// known takes the place of a confirmed message; h is nil if it was deleted.
func (r *reading) known(c Confirmed, h *have) error {
	skip := 0
	for {
		if err := r.ahead.fill(skip + 1); err != nil {
			return err
		}
		if skip == len(r.ahead.held) || r.ahead.held[skip].Index >= c.SourceIndex {
			break
		}
		skip++
		if skip == lookahead { // a long stretch that was never confirmed
			if err := r.pass(skip); err != nil {
				return err
			}
			skip = 0
		}
	}
	if err := r.pass(skip); err != nil {
		return err
	}
	v := Verdict{Kind: Known, SourceSID: c.SourceSID, SourceIndex: c.SourceIndex, TargetSID: c.TargetSID, TargetIndex: c.TargetIndex}
	if h == nil {
		v.Kind = Deleted
	}
	if next, err := r.ahead.head(); err != nil {
		return err
	} else if next != nil && next.Index == c.SourceIndex {
		r.remember(r.ahead.take(), h)
	} else if h != nil {
		r.behind.add(passed{ids: []identity{h.id}, keys: []key{h.key}, targetSID: h.SID, source: c.SourceIndex, unread: true})
		r.mayComeAgain(c.SourceIndex, []key{h.key}, []identity{h.id})
	}
	if err := r.say(v); err != nil {
		return err
	}
	err := r.judgeRest()
	r.open = nil
	return err
}

// unseen judges a confirmed message whose index was passed: it is one that
// somebody else wrote before its turn, or it was deleted.
func (r *reading) unseen(c Confirmed) error {
	if h, ok := r.young.claim(c.TargetSID); ok {
		return r.known(c, &h)
	}
	return r.known(c, nil)
}
