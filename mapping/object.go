package mapping

import (
	"encoding/json"
	"strings"
)

// member is one member of a JSON object, as offsets into its text: the key with
// its quotes begins at start, the value lies in [value, end).
type member struct {
	key               string
	start, value, end int
}

// members lists the members of the object that text holds, in their order,
// repeated keys too. It reports false where text is not valid JSON or not an
// object. Working on offsets is what lets a member be added or removed without
// touching a byte of the others.
func members(text string) ([]member, bool) {
	if !json.Valid([]byte(text)) {
		return nil, false
	}
	i := skipSpace(text, 0)
	if text[i] != '{' {
		return nil, false
	}
	var ms []member
	for i = skipSpace(text, i+1); text[i] != '}'; {
		m := member{start: i}
		i = skipString(text, i)
		m.key = unquote(text[m.start:i])
		i = skipSpace(text, i) + 1 // the colon
		m.value = skipSpace(text, i)
		m.end = skipValue(text, m.value)
		ms = append(ms, m)
		if i = skipSpace(text, m.end); text[i] == ',' {
			i = skipSpace(text, i+1)
		}
	}
	return ms, true
}

func skipSpace(text string, i int) int {
	for i < len(text) && strings.IndexByte(" \t\r\n", text[i]) >= 0 {
		i++
	}
	return i
}

// skipString is the offset behind the string that begins at i.
func skipString(text string, i int) int {
	for i++; text[i] != '"'; i++ {
		if text[i] == '\\' {
			i++
		}
	}
	return i + 1
}

// skipValue is the offset behind the value that begins at i.
func skipValue(text string, i int) int {
	for depth := 0; i < len(text); {
		switch text[i] {
		case '"':
			i = skipString(text, i)
			if depth == 0 {
				return i
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return i
			}
			if depth--; depth == 0 {
				return i + 1
			}
		case ',', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return i
			}
		}
		i++
	}
	return i
}

func unquote(quoted string) string {
	if !strings.Contains(quoted, `\`) {
		return quoted[1 : len(quoted)-1]
	}
	var s string
	if json.Unmarshal([]byte(quoted), &s) != nil {
		return quoted
	}
	return s
}

// without removes a member and one comma beside it. Spaces are kept, but for
// those between the comma and the member where the member was the last.
func without(text string, m member) string {
	if after := skipSpace(text, m.end); text[after] == ',' {
		return text[:m.start] + text[after+1:]
	}
	before := strings.TrimRight(text[:m.start], " \t\r\n")
	return strings.TrimSuffix(before, ",") + text[m.end:]
}

// encode is a value as JSON, without the escapes that only HTML needs.
func encode(v any) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic("mapping: encode: " + err.Error()) // strings and structs of strings always encode
	}
	return strings.TrimSuffix(b.String(), "\n")
}
