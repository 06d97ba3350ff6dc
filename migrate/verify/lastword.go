package verify

// item is what makes two differences the same one.
type item struct {
	class                                Class
	kind, channel, source, target, field string
}

func itemOf(d Difference) item {
	return item{d.Class, d.Kind, d.Channel, d.SourceSID, d.TargetSID, d.Field}
}

// fate is the last word on an item.
type fate struct{ possible, done bool }

func (r *repair) begin() {
	r.repaired, r.again, r.failed = 0, nil, nil
	r.torn, r.whole = map[string]bool{}, map[string]bool{}
}

// conclude corrects what was said by what the last pass found: what was done and
// is still different, and what failed and is different no more, because a lost
// reply had done it or something else has.
func (r *repair) conclude() {
	for _, rep := range r.again {
		rep.Done, rep.Reason = false, errStays.Error()
		r.tell(rep)
	}
	if !r.execute {
		return
	}
	for _, rep := range r.failures {
		if key := itemOf(rep.Difference); !r.said[key].done && !r.failed[key] {
			rep.Done, rep.Reason = true, ""
			r.tell(rep)
		}
	}
}

// tell reports what becomes of a difference unless that was said before.
func (r *repair) tell(rep Repair) {
	key, now := itemOf(rep.Difference), fate{rep.Possible, rep.Done}
	if was, said := r.said[key]; said && was == now {
		return
	}
	r.said[key] = now
	r.report(rep)
}

// fail notes that a repair failed, in this pass and for the first time.
func (r *repair) fail(rep Repair) {
	key := itemOf(rep.Difference)
	if _, said := r.said[key]; !said {
		r.failures = append(r.failures, rep)
	}
	if r.failed == nil {
		r.failed = map[item]bool{}
	}
	r.failed[key] = true
}
