package chat

import (
	"encoding/binary"
	"math/bits"
)

// space is the offset of what is no white space, from at on.
func space(raw []byte, at int) int {
	for at < len(raw) && (raw[at] == ' ' || raw[at] == '\n' || raw[at] == '\r' || raw[at] == '\t') {
		at++
	}
	return at
}

// value is the offset behind the value that begins at at, inside so many objects and
// lists. ok is false if it is not valid.
func value(raw []byte, at, depth int) (end int, ok bool) {
	if at >= len(raw) {
		return at, false
	}
	switch raw[at] {
	case '"':
		end, _, ok = quoted(raw, at)
		return end, ok
	case '{', '[':
		return nested(raw, at, depth+1)
	case 't':
		return literal(raw, at, "true")
	case 'f':
		return literal(raw, at, "false")
	case 'n':
		return literal(raw, at, "null")
	}
	return number(raw, at)
}

// nested is value for what has others in it.
func nested(raw []byte, at, depth int) (end int, ok bool) {
	if depth > deepest {
		return at, false
	}
	object, closing := raw[at] == '{', raw[at]+2 // in ASCII the brackets of a pair are two apart
	if at = space(raw, at+1); at < len(raw) && raw[at] == closing {
		return at + 1, true
	}
	for {
		if object {
			if at, _, ok = quoted(raw, at); !ok {
				return at, false
			}
			if at = space(raw, at); at == len(raw) || raw[at] != ':' {
				return at, false
			}
			at = space(raw, at+1)
		}
		if at, ok = value(raw, at, depth); !ok {
			return at, false
		}
		if at = space(raw, at); at == len(raw) {
			return at, false
		}
		switch raw[at] {
		case ',':
			at = space(raw, at+1)
		case closing:
			return at + 1, true
		default:
			return at, false
		}
	}
}

func literal(raw []byte, at int, word string) (end int, ok bool) {
	end = at + len(word)
	return end, end <= len(raw) && string(raw[at:end]) == word
}

// number is value for a number.
func number(raw []byte, at int) (end int, ok bool) {
	if raw[at] == '-' {
		at++
	}
	from := at
	if at = digits(raw, at); at == from || raw[from] == '0' && at > from+1 {
		return at, false
	}
	if at < len(raw) && raw[at] == '.' {
		from = at + 1
		if at = digits(raw, from); at == from {
			return at, false
		}
	}
	if at < len(raw) && (raw[at] == 'e' || raw[at] == 'E') {
		if at++; at < len(raw) && (raw[at] == '+' || raw[at] == '-') {
			at++
		}
		from = at
		if at = digits(raw, from); at == from {
			return at, false
		}
	}
	return at, true
}

func digits(raw []byte, at int) int {
	for at < len(raw) && raw[at] >= '0' && raw[at] <= '9' {
		at++
	}
	return at
}

// spelling is how a JSON string is written.
type spelling int

const (
	plain   spelling = iota // in ASCII and as it is
	wide                    // with bytes beyond ASCII, and no escapes
	escaped                 // with escapes
)

// quoted is value for a string.
func quoted(raw []byte, at int) (end int, how spelling, ok bool) {
	if at >= len(raw) || raw[at] != '"' {
		return at, how, false
	}
	for at++; at < len(raw); at++ {
		if at = ordinary(raw, at); at == len(raw) {
			break
		}
		switch c := raw[at]; {
		case c == '"':
			return at + 1, how, true
		case c < ' ':
			return at, how, false
		case c >= 0x80:
			how = max(how, wide)
		case c == '\\':
			how = escaped
			if at++; at == len(raw) {
				return at, how, false
			}
			switch {
			case raw[at] == 'u':
				for range 4 {
					if at++; at == len(raw) || !hexadecimal(raw[at]) {
						return at, how, false
					}
				}
			case unescaped[raw[at]] == 0:
				return at, how, false
			}
		}
	}
	return at, how, false
}

// ordinary is the offset of the first byte of a string, from at on, at which there is
// something to do: a quote, a backslash, a control character, or one beyond ASCII. It
// looks at eight at once: a SID has 34, and nearly all there is to read is text.
func ordinary(raw []byte, at int) int {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	for ; len(raw)-at >= 8; at += 8 {
		v := binary.LittleEndian.Uint64(raw[at:])
		quote, backslash := v^ones*'"', v^ones*'\\'
		// Subtracting borrows into the top bit of a byte that was too small. It may
		// borrow on, and so mark bytes above one that is marked, but never below.
		found := (v | (v-ones*' ')&^v | (quote-ones)&^quote | (backslash-ones)&^backslash) & tops
		if found != 0 {
			return at + bits.TrailingZeros64(found)/8
		}
	}
	for at < len(raw) && raw[at] >= ' ' && raw[at] < 0x80 && raw[at] != '"' && raw[at] != '\\' {
		at++
	}
	return at
}

func hexadecimal(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f'
}
