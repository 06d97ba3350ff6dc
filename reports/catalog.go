package reports

import (
	"encoding/json"
	"fmt"
	"html/template"
	"slices"
	"strings"
)

// catalogShown is how many rows a page has at the most: as many as a browser on a
// phone sorts and searches at once, in a file that can be mailed.
const catalogShown = 20_000

// worstShown is how many of them stand in the page itself, for paper and for where
// scripts are off. A script draws the others as they come into view.
const worstShown = 100

// catalog is a table that a person searches and sorts. Only a page has one.
type catalog struct {
	ID      string // unique on the page
	Caption string
	Label   string // of the column to choose from
	Choice  int    // which column that is
	Header  []column
	Rows    []catalogRow // the worst first
}

type column struct {
	Name  string
	Class string // of the cells; numeric is a number
}

// numeric is the class of cells that are numbers.
const numeric = "n"

type catalogRow []tableCell

type tableCell struct {
	Text  string
	Note  string
	Class string
	Head  bool
	Link  string // where the cell leads; a catalog has none
}

type catalogView struct {
	catalog
	Options []string
	Worst   []catalogRow
	Cut     string // said where only the worst are to be seen
	Data    template.JS
}

func (k catalog) view() (catalogView, error) {
	v := catalogView{catalog: k, Worst: k.Rows[:min(worstShown, len(k.Rows))]}
	for _, r := range k.Rows {
		v.Options = append(v.Options, r[k.Choice].Text)
	}
	slices.Sort(v.Options)
	v.Options = slices.Compact(v.Options)
	if len(k.Rows) > worstShown {
		v.Cut = fmt.Sprintf("These are the first %d of %s on this page; in a browser with scripts enabled, it shows them all.",
			worstShown, count(int64(len(k.Rows)), "row", "rows"))
	}
	raw, err := k.data()
	if err != nil {
		return v, fmt.Errorf("encode rows: %w", err)
	}
	v.Data = template.JS(raw)
	return v, nil
}

// worthWord is how long a text is, in bytes, that is worth a number in its place.
const worthWord = 4

// data is the rows as JSON that may stand in a page: nothing in it ends the element
// that it is in, or is obeyed by a terminal. Texts that stand there twice are in
// words, once, and a number is in their place. A cell with a note or a class of its
// own is a list of its text and these.
func (k catalog) data() (string, error) {
	times := map[string]int{}
	for _, r := range k.Rows {
		for _, c := range r {
			times[c.Text]++
			times[c.Note]++
		}
	}
	words, index := []string{}, map[string]int{}
	word := func(text string) any {
		if times[text] < 2 || len(text) < worthWord {
			return Plain(text)
		}
		at, known := index[text]
		if !known {
			at = len(words)
			words, index[text] = append(words, Plain(text)), at
		}
		return at
	}
	rows := make([][]any, len(k.Rows))
	for i, r := range k.Rows {
		rows[i] = make([]any, len(r))
		for j, c := range r {
			rows[i][j] = word(c.Text)
			switch {
			case c.Class != "":
				rows[i][j] = []any{word(c.Text), word(c.Note), c.Class}
			case c.Note != "":
				rows[i][j] = []any{word(c.Text), word(c.Note)}
			}
		}
	}
	// json.Marshal writes <, > and & as \u003c, \u003e and \u0026.
	head, err := json.Marshal(words)
	if err != nil {
		return "", err
	}
	lines := make([]string, len(rows)) // one for each row: an editor cannot show a line of megabytes
	for i, r := range rows {
		line, err := json.Marshal(r)
		if err != nil {
			return "", err
		}
		lines[i] = string(line)
	}
	return fmt.Sprintf(`{"choice":%d,"words":%s,"rows":[%s]}`, k.Choice, head, strings.Join(lines, ",\n")), nil
}
