package migrate

import (
	"encoding/hex"
	"iter"
)

// packedSID is a SID in 18 bytes: its two letters, and the number that its 32
// hexadecimal digits are. As text it takes 64, with the header of the string.
type packedSID [18]byte

// pack is one to one: it takes lower case only, which is how SIDs are written.
func pack(sid string) (key packedSID, ok bool) {
	if len(sid) != 34 {
		return key, false
	}
	for i := 2; i < len(sid); i++ {
		if sid[i] >= 'A' && sid[i] <= 'F' {
			return key, false
		}
	}
	copy(key[:2], sid)
	_, err := hex.Decode(key[2:], []byte(sid[2:]))
	return key, err == nil
}

func (p packedSID) String() string {
	var text [34]byte
	copy(text[:2], p[:2])
	hex.Encode(text[2:], p[2:])
	return string(text[:])
}

// SIDMap has a value for each SID, and holds 18 bytes of each SID: a service may have
// a million users or channels. SIDs of any other shape are held as they are. The zero
// value is empty. One goroutine may use it at a time.
type SIDMap[V any] struct {
	packed map[packedSID]V
	odd    map[string]V
}

// Value is the value of a SID, and whether there is one.
func (m *SIDMap[V]) Value(sid string) (V, bool) {
	if key, ok := pack(sid); ok {
		v, there := m.packed[key]
		return v, there
	}
	v, there := m.odd[sid]
	return v, there
}

// Set gives a SID a value.
func (m *SIDMap[V]) Set(sid string, v V) {
	key, ok := pack(sid)
	switch {
	case ok && m.packed == nil:
		m.packed = map[packedSID]V{key: v}
	case ok:
		m.packed[key] = v
	case m.odd == nil:
		m.odd = map[string]V{sid: v}
	default:
		m.odd[sid] = v
	}
}

// Delete takes a SID out.
func (m *SIDMap[V]) Delete(sid string) {
	if key, ok := pack(sid); ok {
		delete(m.packed, key)
	}
	delete(m.odd, sid)
}

// Len is how many SIDs have a value.
func (m *SIDMap[V]) Len() int { return len(m.packed) + len(m.odd) }

// All yields what is there, in no order. The map may be changed meanwhile, as in a
// range over a map.
func (m *SIDMap[V]) All() iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		for key, v := range m.packed {
			if !yield(key.String(), v) {
				return
			}
		}
		for sid, v := range m.odd {
			if !yield(sid, v) {
				return
			}
		}
	}
}

// SIDSet is a set of SIDs, of which it holds as much as a SIDMap. The zero value is
// empty.
type SIDSet struct{ all SIDMap[struct{}] }

// Add reports whether the SID was not in the set.
func (s *SIDSet) Add(sid string) bool {
	if s.Has(sid) {
		return false
	}
	s.all.Set(sid, struct{}{})
	return true
}

// Has reports whether the SID is in the set.
func (s *SIDSet) Has(sid string) bool {
	_, there := s.all.Value(sid)
	return there
}

// Len is how many SIDs are in the set.
func (s *SIDSet) Len() int { return s.all.Len() }

// SIDList is SIDs in the order in which they came, in 18 bytes each. The zero value is
// empty.
type SIDList struct {
	packed []packedSID
	odd    map[int]string // by place
}

// Append gives a SID the next place, and says which that is.
func (l *SIDList) Append(sid string) (place int) {
	key, ok := pack(sid)
	place = len(l.packed)
	l.packed = append(l.packed, key)
	if !ok {
		if l.odd == nil {
			l.odd = map[int]string{}
		}
		l.odd[place] = sid
	}
	return place
}

// At is the SID in a place.
func (l *SIDList) At(place int) string {
	if sid, odd := l.odd[place]; odd {
		return sid
	}
	return l.packed[place].String()
}

// Len is how many places there are.
func (l *SIDList) Len() int { return len(l.packed) }

// All yields the SIDs in their order.
func (l *SIDList) All() iter.Seq[string] {
	return func(yield func(string) bool) {
		for place := range l.packed {
			if !yield(l.At(place)) {
				return
			}
		}
	}
}

// SIDPairs has another SID for each SID, and holds about 60 bytes of a pair. The zero
// value is empty.
type SIDPairs struct {
	places SIDMap[int32]
	others SIDList
}

// Set gives a SID another one. What it had before takes room still.
func (p *SIDPairs) Set(sid, other string) { p.places.Set(sid, int32(p.others.Append(other))) }

// Other is what a SID was given; empty if nothing was.
func (p *SIDPairs) Other(sid string) string {
	place, there := p.places.Value(sid)
	if !there {
		return ""
	}
	return p.others.At(int(place))
}

// SIDs yields those that were given another one, in no order.
func (p *SIDPairs) SIDs() iter.Seq[string] {
	return func(yield func(string) bool) {
		for sid := range p.places.All() {
			if !yield(sid) {
				return
			}
		}
	}
}
