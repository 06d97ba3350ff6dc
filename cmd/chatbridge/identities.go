package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"chatbridge/mapping/chat"
)

// hashRename stands for a table of identities, which are nobody's business in a
// ledger.
func hashRename(rename map[string]string) string {
	if len(rename) == 0 {
		return "none"
	}
	h := sha256.New()
	for _, old := range slices.Sorted(maps.Keys(rename)) {
		fmt.Fprintf(h, "%q,%q\n", old, rename[old])
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// identityTable is what a file of --identities says.
type identityTable struct {
	rename  map[string]string // old to new
	given   map[string]string // new to old
	lines   map[string]int    // of old
	heading string            // the first line, where it was taken for a heading
}

// maxIdentities bounds the file, in bytes. A million people take about 50 MB.
const maxIdentities = 256 << 20

// readIdentities reads a table of two columns as spreadsheets save them: with or
// without a byte-order mark, with line ends of either kind, with blank lines,
// quotes and a heading. Empty names, and a name that stands twice in its column,
// are refused: nobody can be two people, and two people cannot become one.
func readIdentities(path string) (identityTable, error) {
	if path == "" {
		return identityTable{}, nil
	}
	t := identityTable{rename: map[string]string{}, given: map[string]string{}, lines: map[string]int{}}
	first, template := true, false
	err := eachLine(path, maxIdentities, func(line int, row []string) error {
		heading := first && isHeading(row)
		first = false
		if heading {
			t.heading, template = strings.Join(row, ","), slices.Equal(row, templateHeading)
			return nil
		}
		if template {
			for i := range row {
				row[i] = unescapedCell(row[i])
			}
		}
		return t.add(row, line)
	})
	if err != nil {
		return identityTable{}, err
	}
	return t, nil
}

// isHeading knows headings by their words. A person who bears one of them would
// be left out by it, so that it was taken for a heading is said.
func isHeading(row []string) bool {
	if len(row) != 2 {
		return false
	}
	before, after := strings.ToLower(strings.TrimSpace(row[0])), strings.ToLower(strings.TrimSpace(row[1]))
	starts := func(s string, words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return s == w || strings.HasPrefix(s, w+" ") || strings.HasPrefix(s, w+"_") })
	}
	return starts(before, "old", "from", "identity", "source", "before") && starts(after, "new", "to", "target", "after")
}

func (t identityTable) add(row []string, line int) error {
	if !slices.ContainsFunc(row, func(s string) bool { return strings.TrimSpace(s) != "" }) {
		return nil // a blank line, or what a spreadsheet makes of one
	}
	switch {
	case len(row) == 1 && strings.Count(row[0], ";") == 1, len(row) == 1 && strings.Count(row[0], "\t") == 1:
		return errors.New("has no comma: separate the two names with a comma, not a semicolon or a tab")
	case len(row) != 2:
		return fmt.Errorf("has %s, expected 2", plural(len(row), "column", "columns"))
	case !utf8.ValidString(row[0]) || !utf8.ValidString(row[1]):
		return errors.New(`is not UTF-8: save the file as "CSV UTF-8"`)
	case row[0] == "" || row[1] == "":
		return errors.New("has an empty name")
	}
	if _, twice := t.rename[row[0]]; twice {
		return fmt.Errorf("names %s a second time", chat.Excerpt(row[0]))
	}
	if other, taken := t.given[row[1]]; taken {
		return fmt.Errorf("gives %s to %s, but an earlier line gives it to %s: two people would become one", chat.Excerpt(row[1]), chat.Excerpt(row[0]), chat.Excerpt(other))
	}
	t.rename[row[0]], t.given[row[1]], t.lines[row[0]] = row[1], row[0], line
	return nil
}
