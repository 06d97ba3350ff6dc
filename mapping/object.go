package mapping

import (
	"encoding/json"
	"strings"

	"chatbridge/mapping/chat"
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
	var ms []member
	o := chat.ObjectOf([]byte(text))
	for p, ok := o.Next(); ok; p, ok = o.Next() {
		ms = append(ms, member{unquote(text[p.Start : p.Start+len(p.Key)+2]), p.Start, p.From, p.From + len(p.Value)})
	}
	if !o.Whole() {
		return nil, false
	}
	return ms, true
}

func skipSpace(text string, i int) int {
	for i < len(text) && strings.IndexByte(" \t\r\n", text[i]) >= 0 {
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
