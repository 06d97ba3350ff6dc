package chat

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Unmarshal is json.Unmarshal without its silent repair. JSON can hold what is
// no text: half of a surrogate pair, as where a body was cut inside an emoji, and
// bytes that are not UTF-8. encoding/json makes U+FFFD of each, after which
// nobody can tell that anything was there, and two identities can become one.
// Here a half arrives as the three bytes that UTF-8 would have for its number,
// and any other byte as itself, so that utf8.ValidString is false for exactly the
// strings that are no text.
func Unmarshal(raw []byte, into any) error {
	marked, mark, err := Mark(raw)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(marked, into); err != nil || mark == "" {
		return err
	}
	restore(reflect.ValueOf(into), mark)
	return nil
}

// Mark is JSON text with a mark and four hexadecimal digits in the place of each
// part that is no text. The mark is a noncharacter that raw does not have, and
// empty if all of raw is text.
func Mark(raw []byte) (marked []byte, mark string, err error) {
	if utf8.Valid(raw) && !bytes.Contains(raw, []byte(`\ud`)) && !bytes.Contains(raw, []byte(`\uD`)) {
		return raw, "", nil
	}
	mark, err = unusedMark(raw)
	if err != nil {
		return raw, "", err
	}
	marked, found := markInvalid(raw, mark)
	if !found {
		return raw, "", nil
	}
	return marked, mark, nil
}

// unusedMark is a noncharacter that the text does not have in any spelling.
func unusedMark(raw []byte) (string, error) {
	lower := bytes.ToLower(raw)
	for r := rune(0xFDD0); r <= 0xFDEF; r++ {
		if !bytes.Contains(raw, []byte(string(r))) && !bytes.Contains(lower, fmt.Appendf(nil, `\u%04x`, r)) {
			return string(r), nil
		}
	}
	return "", errors.New("text is not valid, and has every noncharacter beside that")
}

func markInvalid(raw []byte, mark string) (marked []byte, found bool) {
	marked = make([]byte, 0, len(raw)+16)
	for i := 0; i < len(raw); {
		size, invalid := unit(raw[i:])
		if invalid >= 0 {
			found = true
			marked = fmt.Appendf(marked, "%s%04x", mark, invalid)
		} else {
			marked = append(marked, raw[i:i+size]...)
		}
		i += size
	}
	return marked, found
}

// unit measures what stands at the start of raw, JSON text: an escape, a
// surrogate pair of two escapes, or a character. invalid is the number of a half
// pair, or a byte that is not UTF-8, and -1 for text.
func unit(raw []byte) (size, invalid int) {
	if raw[0] == '\\' {
		half, isUnicode := escape(raw)
		switch {
		case !isUnicode:
			return min(2, len(raw)), -1
		case !utf16.IsSurrogate(half):
			return 6, -1
		}
		if other, ok := escape(raw[6:]); ok && utf16.DecodeRune(half, other) != utf8.RuneError {
			return 12, -1
		}
		return 6, int(half)
	}
	r, size := utf8.DecodeRune(raw)
	if r == utf8.RuneError && size == 1 {
		return 1, int(raw[0])
	}
	return size, -1
}

func escape(raw []byte) (rune, bool) {
	if len(raw) < 6 || raw[0] != '\\' || raw[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(raw[2:6]), 16, 16)
	return rune(n), err == nil
}

// restore puts back what markInvalid replaced, in every string that v leads to.
func restore(v reflect.Value, mark string) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			restore(v.Elem(), mark)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				restore(v.Field(i), mark)
			}
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() != reflect.Uint8 {
			for i := range v.Len() {
				restore(v.Index(i), mark)
			}
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			value := reflect.New(v.Type().Elem()).Elem()
			value.Set(v.MapIndex(key))
			restore(value, mark)
			v.SetMapIndex(key, value)
		}
	case reflect.String:
		if v.CanSet() && strings.Contains(v.String(), mark) {
			v.SetString(unmarked(v.String(), mark))
		}
	}
}

func unmarked(s, mark string) string {
	before, rest, found := strings.Cut(s, mark)
	var b strings.Builder
	for b.WriteString(before); found; b.WriteString(before) {
		number, err := strconv.ParseUint(rest[:4], 16, 16)
		if err != nil {
			panic("chat: unmark text: " + err.Error()) // markInvalid wrote it
		}
		b.Write(bytesOf(rune(number)))
		before, rest, found = strings.Cut(rest[4:], mark)
	}
	return b.String()
}

// bytesOf is a byte as itself, and a half pair as UTF-8 would have it.
func bytesOf(r rune) []byte {
	if r < 0x100 {
		return []byte{byte(r)}
	}
	return []byte{0xE0 | byte(r>>12), 0x80 | byte(r>>6)&0x3F, 0x80 | byte(r)&0x3F}
}

// parts cuts s into text and what is no text. invalid is the number of a half
// pair, U+D800 to U+DFFF, or a byte; it is -1 for text.
func parts(s string) iter.Seq2[string, rune] {
	return func(yield func(text string, invalid rune) bool) {
		start := 0
		for i := 0; i < len(s); {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r != utf8.RuneError || size != 1 {
				i += size
				continue
			}
			invalid := rune(s[i])
			if i+2 < len(s) && s[i] == 0xED && s[i+1]&0xE0 == 0xA0 && s[i+2]&0xC0 == 0x80 {
				size, invalid = 3, 0xD000|rune(s[i+1]&0x3F)<<6|rune(s[i+2]&0x3F)
			}
			if start < i && !yield(s[start:i], -1) || !yield(s[i:i+size], invalid) {
				return
			}
			i += size
			start = i
		}
		if start < len(s) {
			yield(s[start:], -1)
		}
	}
}

// Replace puts what with returns in the place of each part of s that is no text:
// half a surrogate pair, named by its number from U+D800 to U+DFFF, or a byte.
func Replace(s string, with func(invalid rune) string) string {
	if utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for text, invalid := range parts(s) {
		if invalid >= 0 {
			text = with(invalid)
		}
		b.WriteString(text)
	}
	return b.String()
}

// Quote is s as JSON text that loses nothing: half a surrogate pair as the escape
// that Chat sent, and a byte that is not UTF-8, for which JSON has no form, as
// \x and two digits.
func Quote(s string) string {
	var b bytes.Buffer
	b.WriteByte('"')
	for text, invalid := range parts(s) {
		switch {
		case invalid > 0xFF:
			fmt.Fprintf(&b, `\u%04x`, invalid)
		case invalid >= 0:
			fmt.Fprintf(&b, `\x%02x`, invalid)
		default:
			e := json.NewEncoder(&b)
			e.SetEscapeHTML(false)
			start := b.Len()
			if err := e.Encode(text); err != nil {
				panic("chat: quote text: " + err.Error()) // a string always encodes
			}
			quoted := bytes.Clone(b.Bytes()[start:])
			b.Truncate(start)
			b.Write(bytes.TrimSuffix(quoted, []byte("\"\n"))[1:])
		}
	}
	b.WriteByte('"')
	return b.String()
}
