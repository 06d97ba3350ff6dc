package main

import (
	"strings"

	"github.com/mattn/go-runewidth"
)

// fitted is s cut to so many columns, at a space if there is one near, and with a
// sign that something is missing.
func fitted(s string, columns int) string {
	if runewidth.StringWidth(s) <= columns {
		return s
	}
	cut := runewidth.Truncate(s, max(0, columns), "…")
	at := strings.LastIndexByte(cut, ' ')
	if at < len(cut)/2 {
		return cut
	}
	return strings.TrimRight(cut[:at], " ,:;") + "…"
}
