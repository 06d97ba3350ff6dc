package reports

import (
	"strings"

	"github.com/mattn/go-runewidth"
)

// columnGap is the room between two columns of a table.
const columnGap = 2

// fitted renders the table for a terminal that is so wide, 0 for any: as it is if
// that fits, or else with cells of more than one line, broken between words. If even
// the longest words side by side are too wide, each row becomes a sentence.
func (t tableBlock) fitted(columns int) string {
	room := columns - 1 - 2 // the edge, and the indent
	if columns <= 0 {
		return t.text()
	}
	widths, least := t.widths()
	if excess := total(widths) - room; excess > 0 {
		if total(least) > room {
			return t.sentences()
		}
		for ; excess > 0; excess-- {
			widest := 0
			for i := range widths {
				if widths[i]-least[i] > widths[widest]-least[widest] {
					widest = i
				}
			}
			widths[widest]--
		}
	}
	return t.textIn(widths)
}

// widths are those of the columns as they are, and of the longest word in each.
func (t tableBlock) widths() (natural, least []int) {
	natural, least = make([]int, len(t.header)), make([]int, len(t.header))
	for _, cells := range append([][]string{t.header}, t.rows...) {
		for i, c := range cells {
			c = Plain(c)
			natural[i] = max(natural[i], runewidth.StringWidth(c))
			for word := range strings.FieldsSeq(c) {
				least[i] = max(least[i], runewidth.StringWidth(word))
			}
		}
	}
	return natural, least
}

func total(widths []int) int {
	n := columnGap * (len(widths) - 1)
	for _, w := range widths {
		n += w
	}
	return n
}

// sentences are the rows, each led by its first cell. They are wrapped later.
func (t tableBlock) sentences() string {
	var all []string
	for _, cells := range t.rows {
		var rest []string
		for i, c := range cells[1:] {
			if c != "" {
				rest = append(rest, t.header[i+1]+" "+Plain(c))
			}
		}
		line := Plain(cells[0])
		if len(rest) > 0 {
			line += ": " + strings.Join(rest, ", ")
		}
		all = append(all, line)
	}
	return strings.Join(all, "\n")
}
