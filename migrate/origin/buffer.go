package origin

import "slices"

// buffered is how many messages of the target may wait for both sides to meet
// again.
const buffered = 1 << 13

// agreed is how many messages in a row have to agree for both sides to have met
// again.
const agreed = 32

// waiting is messages of the target from the first one on that is not the next
// one of the source. What they are is decided together, because a jump ahead is
// worth only as much as what follows it.
type waiting struct {
	held []have
	run  int // how many of the last ones agree with the source
	at   int // position in the source after them
}

// wait takes a message that is not the next one, or that comes after such.
func (r *reading) wait(h have) error {
	b := &r.waiting
	b.held = append(b.held, h)
	if next, err := r.ahead.peek(b.at); err != nil {
		return err
	} else if b.run > 0 && next != nil && next.is(h.id) {
		b.run++
		b.at++
	} else {
		skip, err := r.ahead.find(h.id)
		if err != nil {
			return err
		}
		b.run, b.at = 0, r.ahead.first+skip+1
		if skip >= 0 {
			b.run = 1
		}
	}
	if b.run >= agreed || len(b.held) == buffered {
		return r.decide(false)
	}
	return nil
}

// decide settles what is waiting. last says that nothing follows: then nothing
// but the order speaks for the last ones, and where two accounts of them are
// equally good the channel stops.
func (r *reading) decide(last bool) error {
	if len(r.waiting.held) == 0 {
		return nil
	}
	held := r.waiting.held
	full := len(held) == buffered
	r.waiting = waiting{}
	if err := r.ahead.fill(lookahead); err != nil {
		return err
	}
	r.ahead.index() // each twin counts, however far ahead
	c := r.chain(held)
	if other := c.rival(); last && other >= 0 {
		r.stop(CopyOrLater, held[other].SID, r.ahead.held[0].SID)
	}
	if last {
		r.stopAtHole(c, held)
	}
	from := 0 // of held, not judged yet
	start := r.ahead.first
	for _, l := range c.best() {
		r.rest = append(r.rest, held[from:l.have]...)
		kind := Ours
		if l.otherwise {
			kind = OursOtherwise
		}
		if err := r.place(start+l.want-r.ahead.first, held[l.have], kind); err != nil {
			return err
		}
		from = l.have + 1
	}
	switch {
	case full && from > 0:
		r.waiting.held = append(r.waiting.held, held[from:]...)
	case full:
		r.decision.Stop = &Stop{Reason: TooMany, Target: []string{held[0].SID, held[len(held)-1].SID}}
	default:
		r.rest = append(r.rest, held[from:]...)
	}
	return nil
}

// stopAtHole stops the channel if the last message of ours comes right after a
// hole that no altered message accounts for. It may be the twin of one that was
// deleted in the source, and the hole not written yet: one message proves no
// hole, two do.
func (r *reading) stopAtHole(c *chain, held []have) {
	l := c.final()
	if l == nil {
		return
	}
	afterWant, afterHave := c.after(l)
	altered := map[key]int{}
	for _, h := range held[afterHave:l.have] {
		altered[h.key]++
	}
	for _, w := range r.ahead.held[afterWant:l.want] {
		switch {
		case altered[w.keys[0]] > 0:
			altered[w.keys[0]]--
		case altered[w.keys[1]] > 0:
			altered[w.keys[1]]--
		default:
			r.stop(CopyOrLater, held[l.have].SID, w.SID, r.ahead.held[l.want].SID)
			return
		}
	}
}

// judgeRest judges messages that have no place among ours before and after. One whose
// equal the ledger may have further on waits for it, and so do those behind it.
func (r *reading) judgeRest() error {
	rest := r.rest
	r.rest = nil
	for i, h := range rest {
		wait, err := r.comesLater(h)
		if err != nil {
			return err
		}
		if wait && len(rest)-i < buffered {
			r.rest = rest[i:]
			return nil
		}
		if err := r.leftOver(h); err != nil {
			return err
		}
	}
	return nil
}

// comesLater reports whether h may be a copy of a message that the ledger has and
// that stands behind it: a run that read too little wrote on before what was there.
func (r *reading) comesLater(h have) (bool, error) {
	if _, stands := r.behind.like(h.id); stands || !r.Birth.Past(h.Created) {
		return false, nil
	}
	if c, err := r.ledger.peek(); c == nil || err != nil {
		return false, err
	}
	at, err := r.ahead.find(h.id)
	return at >= 0, err
}

// leftOver judges a message without a place. It is a copy if an equal one is in
// its place, and none of its author and second is missing: that could be it,
// edited in the source since. Without the source to tell what is missing, it has
// to be in doubt.
func (r *reading) leftOver(h have) error {
	if !r.Birth.Past(h.Created) {
		return r.keepYoung(h)
	}
	if p, ok := r.behind.like(h.id); ok && !r.behind.lacks(h.key) && (!p.unread && !r.Partial || r.late(h)) {
		return r.copyOf(p, h)
	}
	if len(r.open) < namedMost {
		r.open = append(r.open, h)
	}
	if len(r.strays) == straysMost {
		r.decision.Stop = &Stop{Reason: TooMany, Target: []string{h.SID}}
	} else {
		r.strays[h.id] = h.SID
		r.strayed[h.key] = stray{r.strayed[h.key].n + 1, h.SID}
	}
	return r.say(Verdict{Kind: Altered, TargetSID: h.SID, TargetIndex: h.Index})
}

func (r *reading) copyOf(p passed, h have) error {
	r.decision.Copies = append(r.decision.Copies, Copy{SID: h.SID, Of: p.targetSID, later: h.id})
	return r.say(Verdict{Kind: CopyOf, SourceIndex: p.source, TargetSID: h.SID, TargetIndex: h.Index, Like: p.targetSID})
}

// stray is how many altered messages have an author and second, and the latest.
type stray struct {
	n   int
	sid string
}

// straysMost is how many altered messages are compared with what is still to be
// written.
const straysMost = 1 << 16

// namedMost bounds how many messages a stop names.
const namedMost = 8

func (r *reading) stop(reason Reason, target string, source ...string) {
	s := r.decision.Stop
	if s == nil {
		r.decision.Stop = &Stop{Reason: reason, Target: []string{target}, Source: source}
		return
	}
	if s.Reason == reason && len(s.Target) < namedMost && !slices.Contains(s.Target, target) {
		s.Target = append(s.Target, target)
	}
}
