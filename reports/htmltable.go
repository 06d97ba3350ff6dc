package reports

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"chatbridge/migrate"
)

// details are a block that is shown when it is asked for. Only a page has them.
type details struct {
	summary string
	inner   block
}

type tableView struct {
	Caption string
	Spoken  bool // the caption repeats the heading above: it is for those who hear the page
	Header  []column
	Bars    bool
	Rows    []tableRow
}

type tableRow struct {
	Cells []tableCell
	Bar   string
}

func (t tableBlock) view() tableView {
	v := tableView{Caption: t.caption, Spoken: t.spoken, Bars: len(t.bars) > 0}
	for i, h := range t.header {
		class := ""
		if slices.Contains(t.numbers, i) {
			class = numeric
		}
		v.Header = append(v.Header, column{h, class})
	}
	for i, cells := range t.rows {
		var r tableRow
		for j, text := range cells {
			c := tableCell{Text: text, Head: j == 0, Class: classOf(text)}
			if j == 0 && len(t.links) > 0 {
				c.Link = t.links[i]
			}
			if slices.Contains(t.numbers, j) {
				c.Class = numeric
			}
			r.Cells = append(r.Cells, c)
		}
		if v.Bars && t.bars[i] != noBar {
			r.Bar = shareOf(t.bars[i])
		}
		v.Rows = append(v.Rows, r)
	}
	return v
}

// sidLength is that of every SID: two letters and 32 hexadecimal digits.
const sidLength = 34

// wordy is how long a text is that may be broken into lines.
const wordy = 24

// classOf says how a cell is set: SIDs stay in one piece, and long texts get
// room.
func classOf(text string) string {
	switch {
	case len(text) == sidLength && !strings.Contains(text, " "):
		return "sid"
	case len(text) > wordy:
		return "text"
	}
	return ""
}

// shareOf is a share of 1 as a whole number, and never 0 where there is a
// little, nor 100 where a little is missing.
func shareOf(share float64) string {
	switch {
	case share <= 0 || share != share:
		return "0"
	case share >= 1:
		return "100"
	}
	return fmt.Sprintf("%.0f", min(99, max(1, share*100)))
}

// sentence is text with a capital and a full stop.
func sentence(text string) string {
	if text == "" {
		return ""
	}
	return capital(text) + "."
}

func capital(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:]
}

// shareBars are the shares of each of the parts in the greatest.
func shareBars(parts []float64) []float64 {
	var greatest float64
	for _, p := range parts {
		greatest = max(greatest, p)
	}
	bars := make([]float64, len(parts))
	for i, p := range parts {
		if greatest > 0 {
			bars[i] = p / greatest
		}
	}
	return bars
}

// noBar stands for a share of nothing, which no bar can show.
const noBar = -1

// carriedBar is the share of a kind that is in the target.
func carriedBar(c migrate.KindCount) float64 {
	if c.Source <= 0 {
		return noBar
	}
	return float64(c.Written+c.Existing) / float64(c.Source)
}
