package emulator

import (
	"bytes"
	"encoding/json"
)

// hide replaces the values of top-level fields by null where asked to. All
// other bytes stay as they are.
func hide(raw json.RawMessage, hidden func(name string, value []byte) bool) json.RawMessage {
	var out []byte
	dec := json.NewDecoder(bytes.NewReader(raw))
	if _, err := dec.Token(); err != nil {
		return raw
	}
	kept := int64(0)
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return raw
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return raw
		}
		if text, isText := name.(string); isText && hidden(text, value) {
			end := dec.InputOffset()
			out = append(out, raw[kept:end-int64(len(value))]...)
			out = append(out, "null"...)
			kept = end
		}
	}
	if kept == 0 {
		return raw
	}
	return append(out, raw[kept:]...)
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
