package reports

import (
	"regexp"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"
)

// command is a command line in a sentence. It is copied as it is, so it stays on a
// line of its own if it does not fit behind the sentence.
var command = regexp.MustCompile(`chatbridge [a-z-]+( --?[a-z][a-z-]*([ =][^\s;,]+)?)*`)

// Wrap breaks the lines of a text that are wider than a terminal, between words. A
// terminal by itself breaks them anywhere. What continues a line is indented. A
// command stays on one line, however long, so that it can be copied.
func Wrap(s string, columns int) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		body := strings.TrimRight(line, "\n")
		if text.StringWidthWithoutEscSequences(body) > columns {
			body = wrapLine(body, columns)
		}
		b.WriteString(body + line[len(strings.TrimRight(line, "\n")):])
	}
	return b.String()
}

func wrapLine(line string, columns int) string {
	indent := line[:len(line)-len(strings.TrimLeft(line, " "))]
	if body := line[len(indent):]; len(indent) >= 4 && (strings.HasPrefix(body, "chatbridge ") || strings.HasPrefix(body, "export ")) {
		return line
	}
	hanging := indent
	if len(indent) < 4 {
		hanging += "  "
	}
	var b strings.Builder
	b.WriteString(indent)
	at, alone := len(indent), false // whether a command stands at the beginning of its line
	for i, word := range words(line) {
		width := text.StringWidthWithoutEscSequences(word)
		switch {
		case i == 0 && at+width > columns:
			at = max(0, min(at, columns-width))
			b.Reset()
			b.WriteString(indent[:at])
		case i == 0:
		case alone || at+1+width > columns:
			// A word that is too wide for the indent has less of it.
			at = max(0, min(len(hanging), columns-width))
			b.WriteString("\n" + hanging[:at])
			alone = strings.Contains(word, " ")
		default:
			b.WriteString(" ")
			at++
		}
		b.WriteString(word)
		at += width
	}
	return b.String()
}

// words are the words of a line, with its commands whole.
func words(line string) []string {
	var all []string
	for {
		at := command.FindStringIndex(line)
		if at == nil {
			return append(all, strings.Fields(line)...)
		}
		before, one, after := line[:at[0]], strings.TrimRight(line[at[0]:at[1]], " "), line[at[1]:]
		all = append(append(all, strings.Fields(before)...), one)
		if n := len(after) - len(strings.TrimLeft(after, ";,.)")); n > 0 { // belongs to the word before
			all[len(all)-1] += after[:n]
			after = after[n:]
		}
		line = after
	}
}
