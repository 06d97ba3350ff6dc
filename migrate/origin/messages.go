package origin

import "iter"

// Read holds the messages of a target against those of the source, both in
// order, and calls see once for each message of the target and each finding
// about the source. A verdict may come later than its message, if what follows
// has to be seen first. The error is that of a sequence or of see.
//
// Messages of the source come with their dates: one without a date has that of the
// message before it. Those that a policy leaves out are left out.
func Read(source iter.Seq2[Want, error], target iter.Seq2[Have, error], k Knowledge, see func(Verdict) error) (Decision, error) {
	r := newReading(source, k, see)
	defer r.ahead.stop()
	defer r.ledger.stop()
	for h, err := range target {
		if err == nil {
			err = r.meet(haveOf(h))
		}
		if err != nil {
			return Decision{}, err
		}
	}
	err := r.end()
	return r.decision, err
}

// reading is the state of one Read.
type reading struct {
	Knowledge
	see      func(Verdict) error
	ahead    *ahead
	behind   *behind
	ledger   *ledger
	doubts   map[int64]*Doubt     // by source index
	sent     map[identity][]int64 // source indexes of doubts that were passed
	sentKeys map[key][]int64
	waiting  waiting
	rest     []have              // without a place, until the holes around it are known
	strays   map[identity]string // altered ones, to their SID
	strayed  map[key]stray       // the same by author and second
	open     []have              // altered ones of which nobody can tell yet whether they are the next ones
	young    young
	decision Decision
}

func newReading(source iter.Seq2[Want, error], k Knowledge, see func(Verdict) error) *reading {
	return &reading{
		Knowledge: k, see: see, ahead: newAhead(source), behind: newBehind(), ledger: newLedger(k.Confirmed),
		doubts: doubtsOf(k.Doubts), sent: map[identity][]int64{}, sentKeys: map[key][]int64{}, strays: map[identity]string{}, strayed: map[key]stray{}, young: newYoung(),
		decision: Decision{Next: None, birth: k.Birth, tail: k.Tail && !k.Alone, until: None},
	}
}

func (r *reading) say(v Verdict) error {
	r.decision.note(v)
	return r.see(v)
}

// meet takes the next message of the target.
func (r *reading) meet(h have) error {
	if r.ended() {
		return nil
	}
	known, err := r.confirmed(h)
	if known || err != nil {
		return err
	}
	next, err := r.ahead.head()
	if err != nil {
		return err
	}
	past, first := r.Birth.Past(h.Created), len(r.waiting.held) == 0
	crashed := r.Crashed && r.ledger.behind(h.Index)
	switch isNext := next != nil && next.is(h.id) && r.ledger.leaves(next.Index); {
	case first && isNext && (past || crashed):
		return r.place(0, h, Ours)
	case first && isNext && r.doubted(next.Index, h):
		r.doubts[next.Index].Sends--
		return r.place(0, h, Ours)
	case past && r.Tail:
		r.decision.Whole = true
		return nil
	case past, crashed && !first:
		return r.wait(h)
	default:
		return r.keepYoung(h)
	}
}

// ended reports whether the rest of the target can change nothing.
func (r *reading) ended() bool {
	return r.decision.Whole || r.decision.Stop != nil && r.decision.Stop.Reason == TooMany
}

// doubted reports whether h can be what was sent without an answer.
func (r *reading) doubted(sourceIndex int64, h have) bool {
	d := r.doubts[sourceIndex]
	return d != nil && d.Sends > 0 && h.Index > d.After
}

// free reports whether there is a message of the source after skip others that
// the target can show here.
func (r *reading) free(skip int) bool {
	return skip >= 0 && r.ledger.leaves(r.ahead.held[skip].Index)
}

// place puts h in the place of the message of the source that comes after skip
// others.
func (r *reading) place(skip int, h have, kind Kind) error {
	if err := r.pass(skip); err != nil {
		return err
	}
	if err := r.settle(r.ahead.take(), h, kind); err != nil {
		return err
	}
	if err := r.judgeRest(); err != nil || len(r.open) == 0 {
		return err
	}
	// If a twin follows, h may be that, and what is open this one.
	twin, err := r.ahead.find(h.id)
	if twin < 0 {
		r.open = nil
	}
	return err
}

// pass leaves messages of the source behind that the target does not have in
// their place.
func (r *reading) pass(skip int) error {
	for range skip {
		w := r.ahead.take()
		if h, ok := r.young.equal(w); ok {
			if err := r.settle(w, h, AlreadyThere); err != nil {
				return err
			}
			continue
		}
		r.behind.add(r.passed(w, nil, true))
		if err := r.say(Verdict{Kind: Hole, SourceSID: w.SID, SourceIndex: w.Index}); err != nil {
			return err
		}
	}
	return nil
}

// settle notes that h stands in the place of w.
func (r *reading) settle(w want, h have, kind Kind) error {
	r.remember(w, &h)
	return r.say(Verdict{Kind: kind, SourceSID: w.SID, SourceIndex: w.Index, TargetSID: h.SID, TargetIndex: h.Index})
}

func (r *reading) remember(w want, h *have) { r.behind.add(r.passed(w, h, false)) }

func (r *reading) passed(w want, h *have, hole bool) passed {
	n := distinct(w)
	p := passed{ids: append([]identity(nil), w.ids[:n]...), keys: append([]key(nil), w.keys[:n]...), source: w.Index, hole: hole}
	if h != nil {
		p.targetSID = h.SID
		if !w.is(h.id) {
			p.ids = append(p.ids, h.id)
		}
	}
	r.mayComeAgain(w.Index, w.keys[:n], w.ids[:n])
	if h != nil && !w.is(h.id) && r.Birth.Past(h.Created) { // as it was stored, or sent
		r.mayComeAgain(w.Index, []key{h.key}, []identity{h.id})
	}
	return p
}

// mayComeAgain notes what a message of the source that is in doubt looks like.
func (r *reading) mayComeAgain(sourceIndex int64, keys []key, ids []identity) {
	if r.doubts[sourceIndex] == nil {
		return
	}
	for i := range ids {
		r.sent[ids[i]] = append(r.sent[ids[i]], sourceIndex)
		r.sentKeys[keys[i]] = append(r.sentKeys[keys[i]], sourceIndex)
	}
}
