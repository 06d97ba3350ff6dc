package main

import (
	"strings"

	"github.com/mattn/go-runewidth"
)

// widest is the first of some texts that fits, or else what fits of the last.
func widest(texts []string, columns int) string {
	for _, t := range texts {
		if runewidth.StringWidth(t) <= columns {
			return t
		}
	}
	return fitted(texts[len(texts)-1], columns)
}

// fitted is s cut to so many columns, at a space if there is one near, and with a
// sign that something is missing.
func fitted(s string, columns int) string {
	if runewidth.StringWidth(s) <= columns {
		return s
	}
	if columns < 1 {
		return ""
	}
	cut := runewidth.Truncate(s, columns, "…")
	at := strings.LastIndexByte(cut, ' ')
	if at < len(cut)/3 {
		return cut
	}
	return strings.TrimRight(cut[:at], " ,:;") + "…"
}
