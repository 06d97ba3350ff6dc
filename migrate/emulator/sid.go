package emulator

import (
	"encoding/binary"
	"encoding/hex"
	"hash/fnv"
	"regexp"
	"slices"
)

// id is a SID without its prefix.
type id [16]byte

func (i id) sid(prefix string) string {
	var b [34]byte
	copy(b[:], prefix)
	hex.Encode(b[2:], i[:])
	return string(b[:])
}

// parseID is the id in a SID, if it is one with that prefix.
func parseID(prefix, sid string) (i id, ok bool) {
	if len(sid) != 34 || sid[:2] != prefix {
		return i, false
	}
	_, err := hex.Decode(i[:], []byte(sid[2:]))
	return i, err == nil
}

// newID makes an id of two numbers.
func newID(hi, lo uint64) (i id) {
	binary.BigEndian.PutUint64(i[:8], hi)
	binary.BigEndian.PutUint64(i[8:], lo)
	return i
}

// mix spreads its arguments over 64 bits: the finalizer of splitmix64, once for
// each.
func mix(values ...uint64) uint64 {
	var z uint64
	for _, v := range values {
		z += v + 0x9e3779b97f4a7c15
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		z ^= z >> 31
	}
	return z
}

// hash is a number for a text.
func hash(text string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(text)) // never fails
	return h.Sum64()
}

// sidMask makes other SIDs of those that an archive holds, and again those of the
// others. The zero value leaves them as they are.
type sidMask id

// maskOf is a mask of an account's own.
func maskOf(account string) sidMask {
	return sidMask(newID(mix(hash(account), 15), mix(hash(account), 16)))
}

// of is the other SID.
func (m sidMask) of(sid string) string {
	i, isSID := parseID(sid[:min(2, len(sid))], sid)
	if m == (sidMask{}) || !isSID {
		return sid
	}
	for n := range i {
		i[n] ^= m[n]
	}
	return i.sid(sid[:2])
}

// all has the other SIDs in a text, but for those of accounts. It is no regular
// expression because a fleet reads an archive once for each account.
func (m sidMask) all(text []byte) []byte {
	if m == (sidMask{}) {
		return text
	}
	out := slices.Clone(text)
	for i := 0; i+34 <= len(out); i++ {
		if !beginsSID(out[i:]) || i > 0 && wordly(out[i-1]) || i+34 < len(out) && wordly(out[i+34]) {
			continue
		}
		copy(out[i:], m.of(string(out[i:i+34])))
		i += 33
	}
	return out
}

func beginsSID(text []byte) bool {
	upper := func(b byte) bool { return b >= 'A' && b <= 'Z' }
	if !upper(text[0]) || !upper(text[1]) || text[0] == 'A' && text[1] == 'C' {
		return false
	}
	for _, b := range text[2:34] {
		if (b < '0' || b > '9') && (b < 'a' || b > 'f') {
			return false
		}
	}
	return true
}

// wordly reports whether a byte next to a SID makes it a part of another word.
func wordly(b byte) bool {
	return b == '_' || b >= '0' && b <= '9' || b >= 'A' && b <= 'Z' || b >= 'a' && b <= 'z'
}

var (
	looksLikeUser         = regexp.MustCompile(`^US[0-9a-fA-F]{32}$`)
	looksLikeConversation = regexp.MustCompile(`^CH[0-9a-fA-F]{32}$`)
)
