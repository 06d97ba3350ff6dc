package chat

import "strconv"

// excerptLength is how many characters of a text an error or a finding repeats:
// enough to find it, and one line of a terminal.
const excerptLength = 80

// Shorten is s, or of a longer s its beginning, an ellipsis, and the whole length
// in bytes: what a stranger wrote has any length, and an error has one line.
func Shorten(s string) string {
	start, length := shortened(s)
	return start + length
}

// Excerpt is Shorten in quotes, escaped as Go does it.
func Excerpt(s string) string {
	start, length := shortened(s)
	return strconv.Quote(start) + length
}

func shortened(s string) (start, length string) {
	characters := 0
	for i := range s {
		if characters == excerptLength {
			return s[:i], "… (" + strconv.Itoa(len(s)) + " bytes)"
		}
		characters++
	}
	return s, ""
}
