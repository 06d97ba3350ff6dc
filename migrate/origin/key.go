package origin

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"time"
)

// systemAuthor is the author of every message whose writer names none.
const systemAuthor = "system"

// key is author and second: what no edit changes.
type key [16]byte

// identity is key and content: what exact twins share.
type identity [16]byte

// A digest of 128 bits stands for the text: a collision would lose a message, so
// a hash that is merely fast will not do.
func keyOf(author string, at time.Time) key {
	h := sha256.New()
	var second [8]byte
	binary.BigEndian.PutUint64(second[:], uint64(at.Unix()))
	h.Write(second[:])
	h.Write([]byte(author))
	var k key
	copy(k[:], h.Sum(nil))
	return k
}

func identityOf(k key, c Content) identity {
	sum := sha256.Sum256(slices.Concat(k[:], c[:]))
	var id identity
	copy(id[:], sum[:])
	return id
}
