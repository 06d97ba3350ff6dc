package emulator

import (
	"encoding/binary"
	"encoding/hex"
	"hash/fnv"
	"regexp"
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

var (
	looksLikeUser         = regexp.MustCompile(`^US[0-9a-fA-F]{32}$`)
	looksLikeConversation = regexp.MustCompile(`^CH[0-9a-fA-F]{32}$`)
)
