package chat

// space is the offset of what is no white space, from at on.
func space[T ~string | ~[]byte](raw T, at int) int {
	for at < len(raw) && (raw[at] == ' ' || raw[at] == '\n' || raw[at] == '\r' || raw[at] == '\t') {
		at++
	}
	return at
}

// value is the offset behind the value that begins at at, inside so many objects and
// lists. ok is false if it is not valid.
func value[T ~string | ~[]byte](raw T, at, depth int) (end int, ok bool) {
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
func nested[T ~string | ~[]byte](raw T, at, depth int) (end int, ok bool) {
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

func literal[T ~string | ~[]byte](raw T, at int, word string) (end int, ok bool) {
	end = at + len(word)
	return end, end <= len(raw) && string(raw[at:end]) == word
}

// number is value for a number.
func number[T ~string | ~[]byte](raw T, at int) (end int, ok bool) {
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

func digits[T ~string | ~[]byte](raw T, at int) int {
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
func quoted[T ~string | ~[]byte](raw T, at int) (end int, how spelling, ok bool) {
	if at >= len(raw) || raw[at] != '"' {
		return at, how, false
	}
	for at++; at < len(raw); at++ {
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

func hexadecimal(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f'
}
