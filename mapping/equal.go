package mapping

import (
	"bytes"
	"cmp"
	"encoding/json"
	"io"
	"maps"
	"math/big"
	"slices"
	"strings"

	"chatbridge/mapping/chat"
)

// EqualAttributes reports whether two attributes mean the same: equal as JSON
// values, whatever the order of keys and the white space. Numbers are compared
// by their exact value, however large: 1, 1.0 and 1e0 are equal, 2^53 and
// 2^53+1 are not. Of a repeated key the last counts. Empty attributes equal
// "{}". Text that is not JSON equals only itself, and half a surrogate pair only
// the same half: a decoder would make U+FFFD of every one.
func EqualAttributes(a, b string) bool {
	return a == b || CanonicalAttributes(a) == CanonicalAttributes(b)
}

// CanonicalAttributes is a text that two attributes share exactly if
// EqualAttributes holds for them. It is for comparing and hashing, not for
// sending.
func CanonicalAttributes(attributes string) string {
	if attributes == "{}" || unset(attributes) {
		return "{}"
	}
	marked, mark, err := chat.Mark([]byte(attributes))
	if err != nil {
		return attributes
	}
	d := json.NewDecoder(bytes.NewReader(marked))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return attributes
	}
	if _, err := d.Token(); err != io.EOF {
		return attributes
	}
	var b strings.Builder
	writeCanonical(&b, v)
	text := b.String()
	if mark != "" && strings.Contains(text, mark) { // and not in a value that does not count
		return "\xff" + text // no text begins so: a mark is one here, and a character elsewhere
	}
	return text
}

// ExplicitAttributes names empty attributes, for an update: what an update does
// not name stays as it is.
func ExplicitAttributes(attributes string) string { return cmp.Or(attributes, "{}") }

// SamePermissions reports whether two lists have the same permissions, in any
// order and however often.
func SamePermissions(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(slices.Compact(a), slices.Compact(b))
}

func writeCanonical(b *strings.Builder, v any) {
	switch v := v.(type) {
	case map[string]any:
		b.WriteByte('{')
		for i, k := range slices.Sorted(maps.Keys(v)) {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(encode(k) + ":")
			writeCanonical(b, v[k])
		}
		b.WriteByte('}')
	case []any:
		b.WriteByte('[')
		for i, e := range v {
			if i > 0 {
				b.WriteByte(',')
			}
			writeCanonical(b, e)
		}
		b.WriteByte(']')
	case json.Number:
		b.WriteString(canonicalNumber(string(v)))
	default:
		b.WriteString(encode(v))
	}
}

// canonicalNumber writes a number as 0.digits × 10^exponent, without zeros at
// either end of the digits. It works on the text because the exponent of a JSON
// number has no bound: as a big.Rat, 1e999999999 would fill the memory.
func canonicalNumber(number string) string {
	text, negative := strings.CutPrefix(number, "-")
	mantissa, power := text, "0"
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		mantissa, power = text[:i], strings.TrimPrefix(text[i+1:], "+")
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	exponent, ok := new(big.Int).SetString(power, 10)
	if !ok {
		return number
	}
	all := whole + fraction
	digits := strings.TrimLeft(all, "0")
	if digits == "" {
		return "0"
	}
	exponent.Add(exponent, big.NewInt(int64(len(whole)-(len(all)-len(digits)))))
	sign := ""
	if negative {
		sign = "-"
	}
	return sign + "0." + strings.TrimRight(digits, "0") + "e" + exponent.String()
}
