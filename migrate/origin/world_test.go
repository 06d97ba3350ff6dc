package origin_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"chatbridge/migrate/origin"
)

// world is both sides as they really are, with who wrote what.
type world struct {
	*rand.Rand
	mix      mix
	now      int64 // seconds
	birthday int64
	source   []*said
	target   []*stored
	flying   []*said // sent without an answer, and still on their way, as they were sent
	names    []map[string]string
	twins    twins

	deletedByUs []*stored
	edits       int
}

// said is one message of the source.
type said struct {
	id      int
	author  string
	at      int64
	body    string
	deleted bool
	changed bool // since it was said
}

// stored is one message of the target. of is the source message that it is, and
// nil for what somebody else wrote; a mirrored one has both.
type stored struct {
	sid     string
	index   int64
	author  string
	at      int64
	body    string
	of      *said
	people  bool // written by people or their application
	second  bool // another one of ours was there already
	altered bool // by the service, or by people
	deleted bool
	known   bool // the ledger had it when it was deleted
}

func born(seed uint64, m mix) *world {
	w := &world{Rand: rand.New(rand.NewPCG(seed, 7)), mix: m, now: 100_000, twins: twins{}}
	w.names = []map[string]string{{"alice": "alice", "bob": "bob", "system": "system"}}
	for range w.IntN(14) {
		w.now += int64(w.IntN(2)) * int64(w.IntN(40))
		w.say()
	}
	w.now += int64(w.IntN(200))
	w.birthday = w.now
	return w
}

var bodies = []string{"ok", "ok", "yes", "no", "hello", "a b", "c!"}

func (w *world) say() *said {
	s := &said{id: len(w.source), author: []string{"alice", "alice", "bob", "system"}[w.IntN(4)], at: w.now, body: bodies[w.IntN(len(bodies))]}
	if w.mix.distinct && w.IntN(2) == 0 {
		s.body = fmt.Sprint("unique ", s.id)
	}
	w.source = append(w.source, s)
	w.twins.saw(s)
	return s
}

// author is how an author is called in the target, under a map of identities.
func (w *world) author(s *said) string { return w.names[len(w.names)-1][s.author] }

// store puts a message at the end of the target.
func (w *world) store(s *said, people bool) *stored {
	body := s.body
	if w.mix.alters && !people && w.names != nil && len(body) > 0 && body[len(body)-1] == '!' {
		body += body
	}
	index := int64(0)
	if n := len(w.target); n > 0 {
		index = w.target[n-1].index + 1 + int64(w.IntN(3)/2)
	}
	t := &stored{sid: fmt.Sprintf("IM%03d", len(w.target)), index: index, author: w.author(s), at: s.at, body: body, people: people, altered: body != s.body}
	if s.id >= 0 {
		t.of = w.source[s.id]
		t.second = slices.ContainsFunc(w.target, func(o *stored) bool { return o.of == t.of })
	}
	w.target = append(w.target, t)
	return t
}

// land lets what is on its way arrive, each with a chance of percent.
func (w *world) land(percent int) {
	w.flying = slices.DeleteFunc(w.flying, func(s *said) bool {
		if w.IntN(100) >= percent {
			return false
		}
		w.store(s, false)
		return true
	})
}

// people do one thing, or nothing.
func (w *world) people(ledger *ledger) {
	w.now += int64(w.IntN(3))
	if w.IntN(100) >= w.mix.busy {
		return
	}
	switch act := w.IntN(12); {
	case act < 4: // nobody writes into both sides in one second by chance
		w.now++
		w.store(&said{id: -1, author: []string{"alice", "bob", "system"}[w.IntN(3)], at: w.now, body: bodies[w.IntN(len(bodies))]}, true)
		w.now++
	case act < 8:
		s := w.say()
		if w.mix.mirrors && (!w.mix.patchy || w.IntN(2) == 0) {
			w.store(s, true)
		}
	case act == 8 && len(w.target) > 0:
		if t := w.target[w.IntN(len(w.target))]; !t.deleted {
			w.edits++
			t.body, t.altered = fmt.Sprint(t.body, "*", w.edits), true
			if w.follows(t) {
				t.of.body, t.of.changed = t.body, true
				w.twins.saw(t.of)
			}
		}
	case act == 9 && len(w.target) > 0:
		if t := w.target[w.IntN(len(w.target))]; !t.deleted {
			t.deleted, t.known = true, ledger.has(t.sid)
			if w.follows(t) {
				t.of.deleted, t.of.changed = true, true
			}
		}
	case act == 10 && len(w.source) > 0 && w.mix.edits:
		s := w.source[w.IntN(len(w.source))]
		s.body, s.changed = s.body+"~", true
		w.twins.saw(s)
	case act == 11 && len(w.source) > 0 && w.mix.edits:
		s := w.source[w.IntN(len(w.source))]
		s.deleted, s.changed = true, true
	}
}

// follows reports whether the application does to the other side what people do
// to t.
func (w *world) follows(t *stored) bool { return t.people && t.of != nil && !w.mix.patchy }

// rename gives somebody another name in the target.
func (w *world) rename() {
	if len(w.names) > 1 {
		return // a caller knows one other name
	}
	last := w.names[0]
	w.names = append(w.names, map[string]string{"alice": fmt.Sprint("alice-", len(w.names)), "bob": last["bob"], "system": "system"})
}

func seconds(at int64) time.Time { return time.Unix(at, 0).UTC() }

// wants is the source as a pass sees it.
func (w *world) wants() []origin.Want {
	var all []origin.Want
	for _, s := range w.source {
		if s.deleted {
			continue
		}
		before := w.names[max(0, len(w.names)-2)][s.author]
		all = append(all, origin.Want{
			SID: fmt.Sprintf("SM%03d", s.id), Index: int64(s.id), Author: w.author(s), Before: before,
			Created: seconds(s.at), Content: origin.ContentOf(s.body, ""),
		})
	}
	return all
}

// haves is what the target shows.
func (w *world) haves() []origin.Have {
	var all []origin.Have
	for _, t := range w.target {
		if !t.deleted {
			all = append(all, t.have())
		}
	}
	return all
}

func (t *stored) have() origin.Have {
	return origin.Have{SID: t.sid, Index: t.index, Author: t.author, Created: seconds(t.at), Content: origin.ContentOf(t.body, "")}
}

func (w *world) bySID(sid string) *stored {
	i, ok := slices.BinarySearchFunc(w.target, sid, func(t *stored, sid string) int { return cmp.Compare(t.sid, sid) })
	if !ok {
		return nil
	}
	return w.target[i]
}

// fetch is a message by SID.
func (w *world) fetch(sid string) *origin.Have {
	t := w.bySID(sid)
	if t == nil || t.deleted {
		return nil
	}
	h := t.have()
	return &h
}

// delete is a deletion by the migration.
func (w *world) delete(sid string) {
	t := w.bySID(sid)
	t.deleted = true
	w.deletedByUs = append(w.deletedByUs, t)
}
