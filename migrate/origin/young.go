package origin

import "slices"

// youngMost is how many young messages of others are compared with what is
// still to be written.
const youngMost = 1 << 16

// young is the messages of the target that anybody may have written, until it
// is known what is still to be written.
type young struct {
	held  []have
	used  []bool
	bySID map[string]int
	byID  map[identity][]int
	byKey map[key][]int
}

func newYoung() young {
	return young{bySID: map[string]int{}, byID: map[identity][]int{}, byKey: map[key][]int{}}
}

func (y *young) add(h have) {
	at := len(y.held)
	y.held, y.used = append(y.held, h), append(y.used, false)
	y.bySID[h.SID] = at
	y.byID[h.id] = append(y.byID[h.id], at)
	y.byKey[h.key] = append(y.byKey[h.key], at)
}

// claim takes the message with that SID out.
func (y *young) claim(sid string) (have, bool) {
	at, ok := y.bySID[sid]
	if !ok || y.used[at] {
		return have{}, false
	}
	y.used[at] = true
	return y.held[at], true
}

// equal takes the first message out that is equal to w.
func (y *young) equal(w want) (have, bool) {
	for n := range distinct(w) {
		if at, ok := y.first(y.byID[w.ids[n]], func(rest []int) { y.byID[w.ids[n]] = rest }); ok {
			y.used[at] = true
			return y.held[at], true
		}
	}
	return have{}, false
}

// rival is a message with author and second of w, and other content. Whoever
// omits an author is system, so that name proves nothing: it counts only if
// sent says that w may be there.
func (y *young) rival(w want, sent func(have) bool) (have, bool) {
	for n := range distinct(w) {
		at, ok := y.first(y.byKey[w.keys[n]], func(rest []int) { y.byKey[w.keys[n]] = rest })
		if ok && (y.held[at].Author != systemAuthor || sent(y.held[at])) {
			return y.held[at], true
		}
	}
	return have{}, false
}

func (y *young) first(at []int, keep func([]int)) (int, bool) {
	for len(at) > 0 && y.used[at[0]] {
		at = at[1:]
	}
	keep(at)
	if len(at) == 0 {
		return 0, false
	}
	return at[0], true
}

// keepYoung takes a young message that is not the next one in doubt.
func (r *reading) keepYoung(h have) error {
	if len(r.young.held) == youngMost {
		r.decision.Stop = &Stop{Reason: TooMany, Target: []string{r.young.held[0].SID, h.SID}}
		return nil
	}
	r.young.add(h)
	return nil
}

// late reports whether h is a copy of what was sent without an answer, once for
// each time.
func (r *reading) late(h have) bool {
	for _, index := range r.sent[h.id] {
		if r.doubted(index, h) {
			r.doubts[index].Sends--
			return true
		}
	}
	return false
}

// endYoung compares what is still to be written with what others wrote.
func (r *reading) endYoung() error {
	if r.ended() {
		return nil
	}
	if len(r.young.held) == 0 {
		return nil
	}
	if err := r.ahead.fill(lookahead); err != nil {
		return err
	}
	if !r.ahead.done {
		r.decision.until = r.ahead.last
	}
	var absent, unborn []want // that could be there, and of a time when nobody but us could have written them
	for _, w := range r.ahead.held {
		h, ok := r.young.equal(w)
		if !ok {
			switch {
			case !r.Birth.before(w.Created):
				absent = append(absent, w)
			case !r.Birth.Past(w.Created):
				unborn = append(unborn, w)
			}
			continue
		}
		r.decision.Present = append(r.decision.Present, Present{SourceSID: w.SID, SourceIndex: w.Index, TargetSID: h.SID, TargetIndex: h.Index})
		missed := absent
		if r.Birth.before(w.Created) {
			missed = slices.Concat(unborn, absent)
		}
		if len(missed) > 0 {
			r.stop(OutOfPlace, h.SID, missed[0].SID, w.SID)
		}
		if err := r.say(Verdict{Kind: AlreadyThere, SourceSID: w.SID, SourceIndex: w.Index, TargetSID: h.SID, TargetIndex: h.Index}); err != nil {
			return err
		}
	}
	if err := r.likenesses(); err != nil {
		return err
	}
	for _, w := range r.ahead.held {
		if _, there := r.decision.Has(w.Index); there || r.Birth.Past(w.Created) {
			continue
		}
		sent := func(h have) bool {
			return r.doubted(w.Index, h) || r.Crashed && r.ledger.behind(h.Index) || r.forgot()
		}
		if h, ok := r.young.rival(w, sent); ok {
			r.stop(OtherContent, h.SID, w.SID)
		}
	}
	return nil
}

// likenesses gives what is equal to a message in its place its verdict.
func (r *reading) likenesses() error {
	for i, h := range r.young.held {
		p, ok := r.behind.like(h.id)
		if r.young.used[i] || !ok {
			continue
		}
		r.young.used[i] = true
		err := error(nil)
		if r.late(h) {
			err = r.copyOf(p, h)
		} else {
			err = r.say(Verdict{Kind: Foreign, SourceIndex: p.source, TargetSID: h.SID, TargetIndex: h.Index, Like: p.targetSID, MayBeCopy: true})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// forgot reports whether any message may be ours, because no ledger says
// otherwise.
func (r *reading) forgot() bool { return r.Confirmed == nil && !r.Tail }

// foreign gives what is left its verdict.
func (r *reading) foreign() error {
	for i, h := range r.young.held {
		if r.young.used[i] {
			continue
		}
		v := Verdict{Kind: Foreign, TargetSID: h.SID, TargetIndex: h.Index}
		v.MayBeCopy = r.forgot() && r.behind.repeats(h.key) ||
			slices.ContainsFunc(r.sentKeys[h.key], func(index int64) bool { return r.doubted(index, h) })
		if err := r.say(v); err != nil {
			return err
		}
	}
	return nil
}
