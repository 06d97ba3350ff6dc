package origin

// end judges what waited for the end of the target.
func (r *reading) end() error {
	for {
		c, err := r.ledger.peek()
		if err != nil {
			return err
		}
		if c == nil {
			break
		}
		if err := r.decide(false); err != nil {
			return err
		}
		if err := r.unseen(r.ledger.take()); err != nil {
			return err
		}
	}
	if err := r.decide(true); err != nil {
		return err
	}
	if err := r.judgeRest(); err != nil {
		return err
	}
	if err := r.endStrays(); err != nil {
		return err
	}
	if err := r.endYoung(); err != nil {
		return err
	}
	if err := r.next(); err != nil {
		return err
	}
	if err := r.foreign(); err != nil {
		return err
	}
	if err := r.missing(); err != nil {
		return err
	}
	d := &r.decision
	if d.Whole {
		d.Stop = nil
	}
	if d.Whole || d.Stop != nil {
		d.Copies, d.Present = nil, nil
	}
	return nil
}

// endStrays stops the channel if an altered message may be one that is still to
// be written: because nothing of ours follows it, because it is equal to one, or
// because it has the author and second of one and fills no hole.
func (r *reading) endStrays() error {
	next, err := r.ahead.head()
	if err != nil || next == nil || len(r.strays) == 0 {
		return err
	}
	for _, h := range r.open {
		r.stop(FitsNothing, h.SID, next.SID)
	}
	if err := r.ahead.fill(lookahead); err != nil {
		return err
	}
	for _, w := range r.ahead.held {
		for i := range distinct(w) {
			if sid, ok := r.strays[w.ids[i]]; ok {
				r.stop(OutOfPlace, sid, w.SID)
			}
			if k := w.keys[i]; r.strayed[k].n > r.behind.holes[k] && !r.behind.forgotHole(k) {
				r.stop(OtherContent, r.strayed[k].sid, w.SID)
			}
		}
	}
	return nil
}

// next finds where to go on: at the first message that is not there.
func (r *reading) next() error {
	there := r.decision.Present
	for len(there) > 0 {
		w, err := r.ahead.head()
		if err != nil {
			return err
		}
		if w == nil || w.Index != there[0].SourceIndex {
			break
		}
		r.remember(r.ahead.take(), nil)
		there = there[1:]
	}
	w, err := r.ahead.head()
	if err != nil || w == nil {
		return err
	}
	r.decision.Next, r.decision.Present = w.Index, there
	if r.Tail && !r.Alone && !r.Birth.Past(w.Created) {
		r.decision.Whole = true
	}
	return nil
}

func (r *reading) missing() error {
	if !r.Absent {
		return nil
	}
	for {
		if next, err := r.ahead.head(); err != nil || next == nil {
			return err
		}
		w := r.ahead.take()
		if _, there := r.decision.Has(w.Index); there {
			continue
		}
		if err := r.say(Verdict{Kind: Missing, SourceSID: w.SID, SourceIndex: w.Index}); err != nil {
			return err
		}
	}
}
