package reports

import (
	"bufio"
	"fmt"
	"slices"
	"strings"
)

func (d *document) markdown(w *bufio.Writer) {
	fmt.Fprintf(w, "# %s\n\n**%s**\n", marked(d.title), marked(d.verdict))
	for _, b := range d.blocks {
		switch b := b.(type) {
		case heading:
			fmt.Fprintf(w, "\n## %s\n", marked(string(b)))
		case paragraph:
			fmt.Fprintf(w, "\n%s\n", marked(string(b)))
		case commands:
			fmt.Fprintf(w, "\n")
			for _, c := range b {
				fmt.Fprintf(w, "    %s\n", Plain(c))
			}
		case findingList:
			b.markdown(w)
		case probeList:
			b.markdown(w)
		case steps:
			b.markdown(w)
		case tableBlock:
			b.markdown(w)
		}
	}
	d.from.markdown(w)
}

func (t tableBlock) markdown(w *bufio.Writer) {
	fmt.Fprint(w, "\n|")
	for _, h := range t.header {
		fmt.Fprintf(w, " %s |", marked(h))
	}
	fmt.Fprint(w, "\n|")
	for i := range t.header {
		if slices.Contains(t.numbers, i) {
			fmt.Fprint(w, " ---: |")
			continue
		}
		fmt.Fprint(w, " --- |")
	}
	fmt.Fprintln(w)
	for _, r := range t.rows {
		fmt.Fprint(w, "|")
		for _, c := range r {
			fmt.Fprintf(w, " %s |", marked(c))
		}
		fmt.Fprintln(w)
	}
}

// active are the characters that Markdown, or the HTML in it, gives a meaning.
const active = "\\`*_{}[]<>()#+!|&~@"

// marked is s as Markdown that shows s. Dashes and dots need no help where no
// line begins with them, and none does.
func marked(s string) string {
	var b strings.Builder
	for _, r := range Plain(s) {
		if strings.ContainsRune(active, r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}
