package chat

import (
	"strconv"
	"unicode/utf8"
)

// excerptLength is how many characters of a text an error or a finding repeats:
// enough to find it, and one line of a terminal.
const excerptLength = 80

// Excerpt is s in quotes, escaped as Go does it, for one line of a log or a
// report. Of a longer s it has the beginning, an ellipsis, and the whole length
// in bytes.
func Excerpt[T ~string | ~[]byte](s T) string {
	text := string(s[:min(len(s), excerptLength*utf8.UTFMax)])
	end, characters := len(text), 0
	for i := range text {
		if characters == excerptLength {
			end = i
			break
		}
		characters++
	}
	if end == len(s) {
		return strconv.Quote(text)
	}
	return strconv.Quote(text[:end]) + "… (" + strconv.Itoa(len(s)) + " bytes)"
}
