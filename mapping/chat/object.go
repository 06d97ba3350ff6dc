package chat

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// deepest is how deep JSON may nest, as encoding/json has it: a reader that follows
// any depth is ended by megabytes of brackets.
const deepest = 10_000

// Valid is json.Valid, and faster: every byte of every page comes through here.
func Valid(text []byte) bool {
	at, ok := value(text, space(text, 0), 0)
	return ok && space(text, at) == len(text)
}

// Object reads a JSON object member by member, in one pass and without a copy. The
// zero value has none.
type Object struct {
	text  []byte
	at    int
	count int
	end   bool
	fault bool
}

// Pair is one member, as it is spelled in the text.
type Pair struct {
	Key     []byte // without its quotes; its escapes, if Escaped, are in it
	Value   []byte // without the space around it
	Start   int    // offset of the key, with its quotes
	From    int    // offset of the value
	Escaped bool
	odd     bool     // the key is not plain ASCII
	how     spelling // of the value, if it is a string
}

// ObjectOf reads text from its beginning. What follows the object is looked at too.
func ObjectOf(text []byte) Object {
	m := Object{text: text, at: space(text, 0)}
	if m.at == len(text) || text[m.at] != '{' {
		m.fault = true
	}
	return m
}

// Next is the next member. ok is false when there are no more, and then Whole says
// whether all of the text was one object.
func (m *Object) Next() (next Pair, ok bool) {
	if m.fault || m.end {
		return next, false
	}
	m.fault = true // until the member is read
	at := space(m.text, m.at+1)
	if at == len(m.text) {
		return next, false
	}
	if m.text[at] == '}' && m.count == 0 {
		m.fault, m.end = space(m.text, at+1) != len(m.text), true
		return next, false
	}
	next.Start = at
	end, how, ok := quoted(m.text, at)
	if !ok {
		return next, false
	}
	next.Key, next.Escaped, next.odd = m.text[at+1:end-1], how == escaped, how != plain
	if at = space(m.text, end); at == len(m.text) || m.text[at] != ':' {
		return next, false
	}
	next.From = space(m.text, at+1)
	if next.From < len(m.text) && m.text[next.From] == '"' {
		end, next.how, ok = quoted(m.text, next.From)
	} else {
		end, ok = value(m.text, next.From, 1)
	}
	if !ok {
		return next, false
	}
	next.Value = m.text[next.From:end]
	if m.at = space(m.text, end); m.at == len(m.text) {
		return next, false
	}
	switch m.text[m.at] {
	case ',':
		m.count++
		m.fault = false
	case '}':
		m.end, m.fault = true, space(m.text, m.at+1) != len(m.text)
	default:
		return next, false
	}
	return next, true
}

// Whole reports whether the text was one object, read to its end.
func (m *Object) Whole() bool { return m.end && !m.fault }

// Name is the key as encoding/json reads it.
func (m Pair) Name() string {
	if !m.odd {
		return string(m.Key)
	}
	var s string
	if json.Unmarshal(slices.Concat([]byte{'"'}, m.Key, []byte{'"'}), &s) != nil {
		return string(m.Key)
	}
	return s
}

// Elements are those of a JSON list, without the space around each. ok is false if raw
// is no list, or not valid.
func Elements(raw []byte) (all []json.RawMessage, ok bool) {
	at := space(raw, 0)
	if at == len(raw) || raw[at] != '[' {
		return nil, false
	}
	if at = space(raw, at+1); at < len(raw) && raw[at] == ']' {
		return nil, space(raw, at+1) == len(raw)
	}
	for {
		end, ok := value(raw, at, 1)
		if !ok {
			return nil, false
		}
		all = append(all, json.RawMessage(raw[at:end:end]))
		if at = space(raw, end); at == len(raw) {
			return nil, false
		}
		switch raw[at] {
		case ',':
			at = space(raw, at+1)
		case ']':
			if space(raw, at+1) == len(raw) {
				return all, true
			}
			return nil, false
		default:
			return nil, false
		}
	}
}

// Field is where a member of an object goes: into a *string, **string, *int64,
// **int64, *bool or *Time. Into anything else goes null alone.
type Field struct {
	Name string
	Into any
}

// Quick fills fields from an object as Unmarshal does, in one pass, if nothing about it
// is odd. If something is, it reports false: whoever asked starts again with Unmarshal,
// which knows what to do, and has the words for what is wrong. Odd are a name that
// comes twice or is spelled in another way, a value of another type, a number that
// is not a whole one, and text that is none.
func Quick(raw []byte, fields ...Field) bool {
	var seen uint64
	members := ObjectOf(raw)
	for m, ok := members.Next(); ok; m, ok = members.Next() {
		if m.odd || !lower(m.Key) {
			return false // Unmarshal takes names in capitals for the same
		}
		for i, f := range fields {
			if f.Name != string(m.Key) {
				continue
			}
			if seen&(1<<i) != 0 || !fill(f.Into, m.Value, m.how) {
				return false
			}
			seen |= 1 << i
			break
		}
	}
	return members.Whole()
}

func lower(key []byte) bool {
	for _, c := range key {
		if c >= 'A' && c <= 'Z' {
			return false
		}
	}
	return true
}

func fill(into any, raw []byte, how spelling) bool {
	if string(raw) == "null" {
		return true
	}
	switch p := into.(type) {
	case *string:
		s, ok := unquoted(raw, how)
		*p = s
		return ok
	case **string:
		s, ok := unquoted(raw, how)
		*p = &s
		return ok
	case *int64:
		n, ok := whole(raw)
		*p = n
		return ok
	case **int64:
		n, ok := whole(raw)
		*p = &n
		return ok
	case *bool:
		*p = raw[0] == 't'
		return *p || raw[0] == 'f'
	case *Time:
		return p.quick(raw)
	}
	return false
}

// quick reads a date in ISO 8601, which is what is sent.
func (t *Time) quick(raw []byte) bool {
	if raw[0] != '"' || bytes.IndexByte(raw, '\\') >= 0 {
		return false
	}
	if len(raw) == 2 {
		return true
	}
	at, err := time.Parse(time.RFC3339Nano, string(raw[1:len(raw)-1]))
	t.Time = at.UTC()
	return err == nil
}

// whole is a number without a fraction or an exponent, of at most 18 digits.
func whole(raw []byte) (n int64, ok bool) {
	digits, negative := bytes.CutPrefix(raw, []byte("-"))
	if len(digits) > 18 {
		return 0, false
	}
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	if negative {
		n = -n
	}
	return n, true
}

// Text is a JSON string, valid and with its quotes, without its escapes. ok is false if
// it is no string, or no text.
func Text(raw []byte) (s string, ok bool) {
	end, how, ok := quoted(raw, 0)
	if !ok || end != len(raw) {
		return "", false
	}
	return unquoted(raw, how)
}

// unquoted is Text of what was scanned.
func unquoted(raw []byte, how spelling) (s string, ok bool) {
	if raw[0] != '"' {
		return "", false
	}
	inside := string(raw[1 : len(raw)-1])
	switch how {
	case plain:
		return inside, true
	case wide:
		return inside, utf8.ValidString(inside)
	}
	if !utf8.ValidString(inside) {
		return "", false
	}
	var b strings.Builder
	b.Grow(len(inside))
	for {
		before, after, found := strings.Cut(inside, `\`)
		b.WriteString(before)
		if !found {
			return b.String(), true
		}
		if after[0] == 'u' {
			r, _ := escape([]byte(`\` + after[:5]))
			if r >= 0xD800 && r <= 0xDFFF {
				return "", false // one of a pair, or half of one
			}
			b.WriteRune(r)
			inside = after[5:]
			continue
		}
		b.WriteByte(unescaped[after[0]])
		inside = after[1:]
	}
}

var unescaped = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}
