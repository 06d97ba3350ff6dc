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
func Wrap(s string, columns int) string { return wrap(s, columns, 2) }

// Fill is Wrap for prose: what continues a line that is not indented is not either.
func Fill(s string, columns int) string { return wrap(s, columns, 0) }

func wrap(s string, columns, deeper int) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		body := strings.TrimRight(line, "\n")
		if text.StringWidthWithoutEscSequences(body) > columns {
			body = wrapLine(body, columns, deeper)
		}
		b.WriteString(body + line[len(strings.TrimRight(line, "\n")):])
	}
	return b.String()
}

// gap is what stands between a label, or the cells of a table, and a text.
var gap = regexp.MustCompile(`^ *(\S.*\S|\S) {2,}`)

func wrapLine(line string, columns, deeper int) string {
	indent := line[:len(line)-len(strings.TrimLeft(line, " "))]
	body := line[len(indent):]
	if len(indent) >= 4 && (strings.HasPrefix(body, "chatbridge ") || strings.HasPrefix(body, "export ")) {
		return line
	}
	label, hanging := indent, len(indent)
	if lead := gap.FindString(line); lead != "" {
		label, hanging, body = lead, text.StringWidthWithoutEscSequences(lead), line[len(lead):]
		if hanging > columns/2 {
			label, hanging = strings.TrimRight(lead, " ")+"\n"+indent+"    ", len(indent)+4
		}
	} else if hanging < 4 {
		hanging += deeper
	}
	var b strings.Builder
	b.WriteString(label)
	at, alone := text.StringWidthWithoutEscSequences(label[strings.LastIndexByte(label, '\n')+1:]), false // whether a command stands at the beginning of its line
	for i, word := range words(body) {
		width := text.StringWidthWithoutEscSequences(word)
		switch {
		case i == 0 && at+width <= columns:
		case i == 0 && label == indent:
			at = max(0, min(at, columns-width)) // a word that is too wide for its indent has less of it
			b.Reset()
			b.WriteString(indent[:at])
		case i == 0 || alone || at+1+width > columns:
			at = max(0, min(hanging, columns-width))
			b.WriteString("\n" + strings.Repeat(" ", at))
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
