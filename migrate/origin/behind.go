package origin

import "encoding/binary"

// remembered is how many messages are known by content after they were passed:
// at 30 a second, the last four minutes and a half of a run.
const remembered = 1 << 13

// passed is a message of the source whose place was passed, with what stands
// there.
type passed struct {
	ids       []identity // of the source, and of the target if it differs
	keys      []key
	targetSID string // empty if nothing does
	source    int64
	hole      bool // nothing does, and nobody knows what did
	unread    bool // the source was not passed, or has it no more
}

// behind is what was passed.
type behind struct {
	ring   []passed
	next   int
	echo   map[identity]int // how many passed messages are equal
	placed map[identity]int // where in the ring the latest of them is that stands in its place
	keys   map[key]int
	holes  map[key]int
	older  *sieve // of what the ring forgot
}

func newBehind() *behind {
	return &behind{echo: map[identity]int{}, placed: map[identity]int{}, keys: map[key]int{}, holes: map[key]int{}}
}

func (b *behind) add(p passed) {
	at := b.next
	if len(b.ring) < remembered {
		b.ring = append(b.ring, p)
	} else {
		b.forget(at)
		b.ring[at] = p
	}
	b.next = (at + 1) % remembered
	for _, id := range p.ids {
		b.echo[id]++
		if p.targetSID != "" {
			b.placed[id] = at
		}
	}
	for _, k := range p.keys {
		b.keys[k]++
		if p.hole {
			b.holes[k]++
		}
	}
}

func (b *behind) forget(at int) {
	if b.older == nil {
		b.older = new(sieve)
	}
	old := b.ring[at]
	for _, id := range old.ids {
		b.older.add(id)
		if b.echo[id]--; b.echo[id] == 0 {
			delete(b.echo, id)
		}
		if b.placed[id] == at {
			delete(b.placed, id)
		}
	}
	for _, k := range old.keys {
		b.older.add(identity(k))
		if old.hole {
			b.older.add(lacking(k))
			if b.holes[k]--; b.holes[k] == 0 {
				delete(b.holes, k)
			}
		}
		if b.keys[k]--; b.keys[k] == 0 {
			delete(b.keys, k)
		}
	}
}

// echoes reports whether a message equal to id may have been passed. If it was,
// the answer is yes; if not, it is hardly ever yes.
func (b *behind) echoes(id identity) bool {
	return b.echo[id] > 0 || b.older != nil && b.older.has(id)
}

// repeats reports the same of author and second.
func (b *behind) repeats(k key) bool {
	return b.keys[k] > 0 || b.older != nil && b.older.has(identity(k))
}

// lacks reports whether a message with that author and second may have been
// found missing.
func (b *behind) lacks(k key) bool {
	return b.holes[k] > 0 || b.forgotHole(k)
}

// forgotHole reports the same of those that the ring forgot.
func (b *behind) forgotHole(k key) bool { return b.older != nil && b.older.has(lacking(k)) }

// lacking is another name of k.
func lacking(k key) identity {
	for i := range k {
		k[i] ^= 0xff
	}
	return identity(k)
}

// like is the latest message that stands in its place and is equal to id.
func (b *behind) like(id identity) (passed, bool) {
	at, ok := b.placed[id]
	if !ok {
		return passed{}, false
	}
	return b.ring[at], true
}

// sieve is a Bloom filter of a fixed size. A false yes makes a message count as
// a possible copy, and so at worst stops a channel that could go on.
type sieve [1 << 18]uint64

func (s *sieve) bits(id identity, each func(word, bit uint64) bool) bool {
	step := binary.BigEndian.Uint64(id[8:]) | 1
	at := binary.BigEndian.Uint64(id[:])
	for range 4 {
		if !each(at>>6%uint64(len(s)), 1<<(at&63)) {
			return false
		}
		at += step
	}
	return true
}

func (s *sieve) add(id identity) {
	s.bits(id, func(word, bit uint64) bool { s[word] |= bit; return true })
}

func (s *sieve) has(id identity) bool {
	return s.bits(id, func(word, bit uint64) bool { return s[word]&bit != 0 })
}
