package mapping

import (
	"fmt"
	"unicode/utf8"

	"chatbridge/mapping/chat"
)

const replacement = string(utf8.RuneError)

// text notes what is no text in a field, and puts U+FFFD in its place if the
// policy says so.
func (n *notes) text(s, field string) string {
	return n.valid(s, field, func(rune) string { return replacement })
}

// valid notes what is no text in a field. with gives what takes the place of
// each half pair, or byte, if the policy replaces it.
func (n *notes) valid(s, field string, with func(rune) string) string {
	if utf8.ValidString(s) {
		return s
	}
	places := 0
	fixed := chat.Replace(s, func(r rune) string { places++; return with(r) })
	if n.add(TextInvalid, field, "%s half a surrogate pair or no UTF-8", counted(places)) != doReplace {
		return s
	}
	n.original(chat.Quote(s))
	return fixed
}

func counted(places int) string {
	if places == 1 {
		return "1 of its characters is"
	}
	return fmt.Sprintf("%d of its characters are", places)
}

// spelledOut takes the place of an invalid part in an identity: it differs for
// each, so that two people stay two.
func spelledOut(invalid rune) string { return fmt.Sprintf("%s%02x", replacement, invalid) }

// Readable is s for people and for stores that take only text.
func Readable(s string) string { return chat.Replace(s, func(rune) string { return replacement }) }
