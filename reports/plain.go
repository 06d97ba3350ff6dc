package reports

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Plain is s on one line, with every character spelled out that a terminal
// would obey or that would change how the text around it reads: controls of all
// kinds, overrides of the writing direction, and bytes that are no UTF-8. Other
// text, in any script, is left as it is.
func Plain(s string) string {
	if !strings.ContainsFunc(s, hostile) && utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], string(utf8.RuneError)):
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case hostile(r):
			b.WriteString(spelled(r))
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func hostile(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' || r == '\ufeff'
}

func spelled(r rune) string {
	switch r {
	case '\n':
		return `\n`
	case '\r':
		return `\r`
	case '\t':
		return `\t`
	}
	return fmt.Sprintf(`\u%04x`, r)
}

// formula is what spreadsheets take for the beginning of one; in some countries
// the wide forms, too.
const formula = "=+-@\t\r\n＝＋－＠"

// Formula reports whether spreadsheets may take s for a formula.
func Formula(s string) bool {
	s = strings.TrimLeft(s, "\ufeff")
	first, _ := utf8.DecodeRuneInString(s)
	return s != "" && strings.ContainsRune(formula, first)
}

// cell is s as a cell of a CSV file: plain, and never a formula.
func cell(s string) string {
	s = strings.TrimLeft(s, "\ufeff")
	if Formula(s) {
		return "'" + Plain(s)
	}
	return Plain(s)
}
