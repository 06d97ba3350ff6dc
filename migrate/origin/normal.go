package origin

import (
	"crypto/sha256"
	"encoding/binary"
	"strings"

	"golang.org/x/text/unicode/norm"

	"chatbridge/mapping"
	"chatbridge/mapping/conversations"
)

// Content is a digest of body and attributes in their normal form.
type Content [16]byte

// ContentOf digests what a message says. Differences that a service may make
// without asking do not count: see [Body] and [Attributes].
func ContentOf(body, attributes string) Content {
	b, a := Body(body), Attributes(attributes)
	h := sha256.New()
	var length [8]byte
	binary.BigEndian.PutUint64(length[:], uint64(len(b)))
	h.Write(length[:])
	h.Write([]byte(b))
	h.Write([]byte(a))
	var c Content
	copy(c[:], h.Sum(nil))
	return c
}

// contentOf digests a message with its file, if it has one. Of that the size counts:
// a service may write its type and name otherwise, but not change its length.
func contentOf(m conversations.Message) Content {
	c := ContentOf(m.Body, m.Attributes)
	if m.Media.SID == "" {
		return c
	}
	file := binary.BigEndian.AppendUint64(c[:], uint64(m.Media.Size))
	sum := sha256.Sum256(binary.BigEndian.AppendUint64(file, uint64(m.MoreMedia)))
	copy(c[:], sum[:])
	return c
}

var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// Body is text in its normal form: line ends as \n, no white space at either
// end, Unicode NFC. A blank body is an empty one.
func Body(text string) string {
	return strings.TrimSpace(norm.NFC.String(lineEnds.Replace(text)))
}

// SameName reports whether two names are one in their normal form, which is that
// of a Body.
func SameName(a, b string) bool { return a == b || Body(a) == Body(b) }

// Attributes is JSON in its normal form: keys sorted, numbers by value, Unicode
// NFC, and "{}" if there are none. Text that is not JSON stays, in NFC.
func Attributes(text string) string {
	if text == "" || text == "{}" {
		return "{}"
	}
	sorted := mapping.CanonicalAttributes(text)
	if norm.NFC.IsNormalString(sorted) {
		return sorted
	}
	return mapping.CanonicalAttributes(norm.NFC.String(sorted))
}
