package main

import (
	"fmt"
	"strings"
	"unicode"
)

// accountVariable is the variable that names the account of credentials with a
// prefix: that of the source, if the target has none of its own.
func (c *console) accountVariable(prefix string) string {
	if prefix == targetPrefix && c.getenv(prefix+accountVariable) == "" {
		return sourcePrefix + accountVariable
	}
	if prefix == sourcePrefix && c.getenv(sourcePrefix+accountVariable) == "" {
		return targetPrefix + accountVariable
	}
	return prefix + accountVariable
}

// refusal is what to check if a pair of variables is refused: the pair, and what is
// odd about their values. It does not repeat any.
func (c *console) refusal(first, second string) string {
	hint := fmt.Sprintf("check %s and %s: they must belong to the same Twilio account", first, second)
	return hint + prefixed("; ", c.oddities(first, second))
}

// oddities says which of some variables have in their values what none of Twilio's
// has: it came there by a shell, a file of variables, or copying.
func (c *console) oddities(names ...string) string {
	var all []string
	for _, name := range names {
		if odd := oddity(c.getenv(name)); odd != "" {
			all = append(all, name+" "+odd)
		}
	}
	return strings.Join(all, "; ")
}

func oddity(value string) string {
	var odd []string
	if strings.ContainsAny(value, "\r\n") {
		odd = append(odd, "a line break")
	}
	if strings.ContainsFunc(value, func(r rune) bool { return unicode.IsSpace(r) && r != '\r' && r != '\n' }) {
		odd = append(odd, "blanks")
	}
	if strings.ContainsAny(value, "\"'`“”‘’") {
		odd = append(odd, "quotes")
	}
	if len(odd) == 0 {
		return ""
	}
	return "contains " + strings.Join(odd, " and ") + ", which a Twilio value never has"
}

// prefixed is s behind a prefix, if there is an s.
func prefixed(prefix, s string) string {
	if s == "" {
		return ""
	}
	return prefix + s
}
