package reports

import (
	"bufio"
	"fmt"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// textWidth is where paragraphs are wrapped: what a terminal has at the least.
const textWidth = 80

func (d *document) text(w *bufio.Writer) {
	fmt.Fprintf(w, "%s: %s\n", Plain(d.title), Plain(d.verdict))
	for _, b := range d.blocks {
		switch b := b.(type) {
		case heading:
			fmt.Fprintf(w, "\n%s\n", Plain(string(b)))
		case paragraph:
			fmt.Fprintf(w, "%s\n", indent(text.WrapSoft(Plain(string(b)), textWidth-2)))
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
			fmt.Fprintf(w, "%s\n", indent(b.text()))
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

func (t tableBlock) text() string {
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
	var columns []table.ColumnConfig
	for _, n := range t.numbers {
		columns = append(columns, table.ColumnConfig{Number: n + 1, Align: text.AlignRight, AlignHeader: text.AlignRight})
	}
	w.SetColumnConfigs(columns)
	return w.Render()
}

func row(cells []string) table.Row {
	r := make(table.Row, len(cells))
	for i, c := range cells {
		r[i] = Plain(c)
	}
	return r
}
