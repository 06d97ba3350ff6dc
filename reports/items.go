package reports

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"slices"
)

// items is a report that is written while the work goes on, so that it holds
// nothing however many items there are: one line, one CSV row or one JSON
// element for each, and at the end what was done as a whole.
type items struct {
	w    *bufio.Writer
	form Format
	n    int
	err  error // the first one

	columns int // of the terminal; 0 if it is none
	options []Option
}

// newItems begins a report in one of the forms; columns are those of CSV.
func newItems(w io.Writer, f Format, columns []string, forms ...Format) items {
	i := items{w: bufio.NewWriter(w), form: f, columns: columnsOf(w)}
	switch {
	case !slices.Contains(forms, f):
		i.err = unknown(f)
	case f == JSON:
		_, i.err = i.w.WriteString("{\n  \"items\": [")
	case f == CSV:
		i.err = encodeCSV(i.w, [][]string{columns})
	}
	return i
}

// item writes one: element as JSON, row as CSV, line as text. An empty line is
// left out.
func (i *items) item(element any, row []string, line string) {
	if i.err != nil {
		return
	}
	i.n++
	switch i.form {
	case JSON:
		i.err = writeElement(i.w, i.n == 1, element)
	case CSV:
		i.err = encodeCSV(i.w, [][]string{row})
	case Text:
		if line != "" {
			line = Plain(line) + "\n"
			if i.columns > 0 {
				line = Wrap(line, i.columns)
			}
			_, i.err = i.w.WriteString(line)
		}
	}
}

// end writes the fields of whole behind the items, into the same JSON object,
// or the document as text or as a page.
func (i *items) end(whole any, doc func() *document) error {
	if i.err != nil {
		return i.err
	}
	switch i.form {
	case JSON:
		var raw bytes.Buffer
		if err := encodeFrom(&raw, whole, provenanceOf(i.options)); err != nil {
			return err
		}
		if _, err := fmt.Fprintf(i.w, "\n  ],%s", bytes.TrimPrefix(raw.Bytes(), []byte("{"))); err != nil {
			return err
		}
	case Text:
		doc().with(i.options).textFor(i.w, i.columns)
	}
	return i.w.Flush()
}
