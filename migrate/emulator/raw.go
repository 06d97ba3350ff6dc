package emulator

import (
	"bytes"
	"encoding/json"
)

// hide replaces the values of top-level fields by null where asked to. All
// other bytes stay as they are. The resource must be a JSON object. It is scanned
// and not decoded, because lists hide something of every item.
func hide(raw json.RawMessage, hidden func(name string, value []byte) bool) json.RawMessage {
	var out []byte
	kept := 0
	at := skip(raw, 0, " \t\r\n{")
	for at < len(raw) && raw[at] == '"' {
		nameEnd := valueEnd(raw, at)
		start := skip(raw, nameEnd, " \t\r\n:")
		end := valueEnd(raw, start)
		if hidden(string(raw[at+1:nameEnd-1]), raw[start:end]) {
			out = append(append(out, raw[kept:start]...), "null"...)
			kept = end
		}
		at = skip(raw, end, " \t\r\n,")
	}
	if kept == 0 {
		return raw
	}
	return append(out, raw[kept:]...)
}

func skip(raw []byte, at int, these string) int {
	for at < len(raw) && bytes.IndexByte([]byte(these), raw[at]) >= 0 {
		at++
	}
	return at
}

// valueEnd is where the JSON value that starts at a position ends.
func valueEnd(raw []byte, at int) int {
	depth := 0
	for at < len(raw) {
		switch raw[at] {
		case '"':
			at = stringEnd(raw, at)
			if depth == 0 {
				return at
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return at // of the object around a number or a word
			}
			if depth--; depth == 0 {
				return at + 1
			}
		case ',', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return at
			}
		}
		at++
	}
	return at
}

func stringEnd(raw []byte, at int) int {
	for at++; at < len(raw) && raw[at] != '"'; at++ {
		if raw[at] == '\\' {
			at++
		}
	}
	return min(at+1, len(raw))
}

// fields are the top-level fields of a resource.
func fields(raw json.RawMessage) map[string]json.RawMessage {
	var f map[string]json.RawMessage
	if err := json.Unmarshal(raw, &f); err != nil || f == nil {
		f = map[string]json.RawMessage{}
	}
	return f
}

// with returns the resource with some of its fields set.
func with(raw json.RawMessage, set map[string]any) json.RawMessage {
	f := fields(raw)
	for name, value := range set {
		f[name] = encode(0, value).Body
	}
	return encode(0, f).Body
}
