package verify

import (
	"slices"
	"time"

	"chatbridge/migrate"
	"chatbridge/migrate/origin"
)

// classifier sorts what the two sides of a channel do not share into classes.
type classifier struct {
	channel, target string
	birth           origin.Birth    // of the conversation
	left            map[string]bool // source SIDs of messages that a list leaves out

	gap     int
	since   alike    // what both sides have since that gap
	newest  int64    // date of the latest message so far that both sides have
	missing []digest // only the source has them
	only    []digest // only the target has them
}

// alike is a stretch of messages that both sides have.
type alike struct {
	identity
	length int
	mixed  bool // they are not all the same
}

func (a *alike) add(one identity) {
	if a.length == 0 {
		a.identity = one
	}
	a.mixed = a.mixed || one != a.identity
	a.length++
}

// reach is how many of a stretch may as well stand before the messages that
// both sides have, because they are the same as these.
func (a alike) reach(all []digest) int {
	if a.length == 0 || a.mixed {
		return 0
	}
	n := slices.IndexFunc(all, func(d digest) bool { return d.identity() != a.identity })
	if n < 0 {
		return len(all)
	}
	return n
}

// same notes a message that both sides have.
func (j *classifier) same(want, have digest, f *channelFound) {
	j.since.add(want.identity())
	j.newest = max(j.newest, want.created)
	if want.updated != 0 && want.updated != have.updated {
		f.add(Difference{Class: WrongDate, Kind: migrate.KindMessages, Channel: j.channel, SourceSID: want.sid, TargetSID: have.sid, Field: "date_updated", at: want.index, dated: want.created})
	}
}

// part notes a stretch in which the sides have nothing in common, and the
// message that follows it on both, if there is one. If somebody said the same
// thing twice and the first one was changed, its other half is told from its
// twin by nothing: it belongs to the gap before as well.
func (j *classifier) part(want, have []digest, next *digest) {
	if len(want) == 0 && len(have) == 0 {
		return
	}
	before := j.gap
	j.gap++
	earlyWant, earlyHave := 0, 0
	if before > 0 {
		earlyWant, earlyHave = j.since.reach(want), j.since.reach(have)
	}
	j.since = alike{}
	for i, d := range want {
		d.gap, d.tail = j.gap, next == nil
		if i < earlyWant {
			d.gap = before
		}
		j.missing = append(j.missing, d)
	}
	for i, d := range have {
		d.gap = j.gap
		if i < earlyHave {
			d.gap = before
		}
		d.ahead = d.created > j.newest && (next == nil || d.created > next.created)
		j.only = append(j.only, d)
	}
}

// pairUp pairs what is left of both sides, the surest pairs first, and names the
// class of each pair.
func (j *classifier) pairUp(f *channelFound) {
	whole := func(d digest) trait { return trait{identity: d.identity()} }
	text := func(d digest) trait {
		return trait{identity: identity{author: d.author, body: d.body, created: d.created}}
	}
	j.pair(f, Reordered, "", whole, nil)
	j.pair(f, Altered, "attributes", func(d digest) trait {
		t := text(d)
		t.media = d.media
		return t
	}, nil)
	// One of the two has a file, or both.
	j.pair(f, Altered, mediaField, func(w digest) trait {
		t := text(w)
		t.filed = w.media == 0
		return t
	}, func(h digest) []trait {
		if h.media == 0 {
			return []trait{text(h)}
		}
		t := text(h)
		t.filed = true
		return []trait{text(h), t}
	})
	j.pair(f, Altered, "body", func(d digest) trait {
		return trait{identity: identity{author: d.author, created: d.created}, gap: d.gap}
	}, nil)
	j.pair(f, WrongDate, "date_created", func(d digest) trait {
		t := trait{identity: d.identity(), gap: d.gap}
		t.created = 0
		return t
	}, nil)
	j.pair(f, WrongAuthor, "author", func(d digest) trait {
		t := trait{identity: d.identity(), gap: d.gap}
		t.author = 0
		return t
	}, nil)
}

// conclude names what no pair was found for. ours are the messages of the target that
// the ledger knows, with those of the source, and twice those of the source that are
// alike with one of the target.
func (j *classifier) conclude(ours map[string]string, twice map[identity]string, f *channelFound) {
	for _, w := range j.missing {
		f.add(Difference{Class: Missing, Kind: migrate.KindMessages, Channel: j.channel, SourceSID: w.sid, Detail: w.blocked, at: w.index, dated: w.created, tail: w.tail})
	}
	for _, h := range j.only {
		d := Difference{Kind: migrate.KindMessages, Channel: j.channel, TargetSID: h.sid}
		source, known := twice[h.identity()]
		from, confirmed := ours[h.sid]
		switch {
		case known:
			d.Class, d.SourceSID = Doubled, source
		case j.left[from]:
			d.Class, d.SourceSID, d.Detail = Extra, from, "written before --skip-messages listed it; nothing deletes it"
			f.leftMessages--
		case confirmed || j.before(h):
			d.Class, d.Detail = Extra, "dated "+at(h.created)
		default:
			d.Class, d.Detail = Foreign, "dated "+at(h.created)
		}
		f.add(d)
	}
}

// before reports whether a message is of a time when only REST can have written
// it. If nobody knows when the conversation was made, what is dated among others
// counts as that.
func (j *classifier) before(h digest) bool {
	if j.birth.Known() {
		return j.birth.Past(time.Unix(h.created, 0))
	}
	return !h.ahead
}

// trait is what two messages must share to be a pair of a class.
type trait struct {
	identity
	gap   int
	filed bool
}

// pair takes each missing message together with the first one of the target that has
// its trait. answers are the traits of one of the target, if it has another number of
// them than one of the source.
func (j *classifier) pair(f *channelFound, class Class, field string, asks func(want digest) trait, answers func(have digest) []trait) {
	if len(j.missing) == 0 || len(j.only) == 0 {
		return
	}
	if answers == nil {
		answers = func(h digest) []trait { return []trait{asks(h)} }
	}
	first := map[trait][]int{} // of the target, in order
	for i, h := range j.only {
		for _, t := range answers(h) {
			first[t] = append(first[t], i)
		}
	}
	taken := make([]bool, len(j.only))
	missing := j.missing[:0]
	for _, w := range j.missing {
		found := -1
		if w.blocked == "" {
			t := asks(w)
			free := first[t]
			for len(free) > 0 && taken[free[0]] {
				free = free[1:]
			}
			if len(free) > 0 {
				found, free = free[0], free[1:]
				taken[found] = true
			}
			first[t] = free
		}
		if found < 0 {
			missing = append(missing, w)
			continue
		}
		f.add(Difference{Class: class, Kind: migrate.KindMessages, Channel: j.channel, SourceSID: w.sid, TargetSID: j.only[found].sid, Field: field, at: w.index, dated: w.created})
	}
	j.missing = missing
	only := j.only[:0]
	for i, h := range j.only {
		if !taken[i] {
			only = append(only, h)
		}
	}
	j.only = only
}
