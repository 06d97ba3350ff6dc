package twilio

import "encoding/hex"

// sidSet is a set of SIDs. A SID is two letters and 32 hexadecimal digits, of
// which it keeps 18 bytes, because a service may have a million users.
type sidSet struct {
	packed map[[18]byte]struct{}
	odd    map[string]struct{} // of any other shape
}

// add reports whether sid was not in the set.
func (s *sidSet) add(sid string) bool {
	if key, ok := pack(sid); ok {
		if _, there := s.packed[key]; there {
			return false
		}
		if s.packed == nil {
			s.packed = map[[18]byte]struct{}{}
		}
		s.packed[key] = struct{}{}
		return true
	}
	if _, there := s.odd[sid]; there {
		return false
	}
	if s.odd == nil {
		s.odd = map[string]struct{}{}
	}
	s.odd[sid] = struct{}{}
	return true
}

// pack is one to one: it takes lower case only, which is how SIDs are written.
func pack(sid string) (key [18]byte, ok bool) {
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
