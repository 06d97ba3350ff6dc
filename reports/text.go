package reports

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// textWidth is where paragraphs are wrapped: what a terminal has at the least.
const textWidth = 80

// columnsOf is how wide the terminal is that w writes to; 0 if it does not say, or is
// none.
func columnsOf(w io.Writer) int {
	if t, ok := w.(interface{ Columns() int }); ok {
		return t.Columns()
	}
	return 0
}

// textFor writes the text so that it fits a terminal that is so wide; 0 is any.
func (d *document) textFor(w *bufio.Writer, columns int) {
	if columns <= 0 {
		d.text(w, 0)
		return
	}
	var all bytes.Buffer
	b := bufio.NewWriter(&all)
	d.text(b, columns)
	_ = b.Flush() // memory takes everything
	_, _ = w.WriteString(Wrap(all.String(), columns))
}

func (d *document) text(w *bufio.Writer, columns int) {
	fmt.Fprintf(w, "%s: %s\n", Plain(d.title), Plain(d.verdict))
	for _, b := range d.blocks {
		switch b := b.(type) {
		case heading:
			fmt.Fprintf(w, "\n%s\n", Plain(string(b)))
		case paragraph:
			fmt.Fprintf(w, "%s\n", indent(text.WrapSoft(Plain(string(b)), paragraphWidth(columns))))
		case commands:
			for _, c := range b {
				fmt.Fprintf(w, "    %s\n", Plain(c))
			}
		case findingList:
			b.text(w)
		case ranked:
			b.text(w)
		case probeList:
			b.text(w)
		case steps:
			b.text(w)
		case tableBlock:
			fmt.Fprintf(w, "%s\n", indent(b.fitted(columns)))
		}
	}
}

func indent(s string) string {
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight("  "+l, " ")
	}
	return strings.Join(lines, "\n")
}

// paragraphWidth is where a paragraph is wrapped, without its indent.
func paragraphWidth(columns int) int {
	if columns <= 0 || columns > textWidth {
		return textWidth - 2
	}
	return max(1, columns-3)
}

func (t tableBlock) text() string { return t.textIn(nil) }

// textIn renders the table with columns of at most these widths.
func (t tableBlock) textIn(widths []int) string {
	w := table.NewWriter()
	style := table.StyleDefault
	style.Options = table.OptionsNoBordersAndSeparators
	style.Box.PaddingLeft, style.Box.PaddingRight = "", "  "
	style.Format.Header = text.FormatDefault
	w.SetStyle(style)
	w.AppendHeader(row(t.header))
	for _, r := range t.rows {
		w.AppendRow(row(r))
	}
	configs := make([]table.ColumnConfig, len(t.header))
	for i := range configs {
		configs[i].Number = i + 1
		if slices.Contains(t.numbers, i) {
			configs[i].Align, configs[i].AlignHeader = text.AlignRight, text.AlignRight
		}
		if widths != nil {
			configs[i].WidthMax, configs[i].WidthMaxEnforcer = widths[i], text.WrapSoft
		}
	}
	w.SetColumnConfigs(configs)
	return w.Render()
}

func row(cells []string) table.Row {
	r := make(table.Row, len(cells))
	for i, c := range cells {
		r[i] = Plain(c)
	}
	return r
}
