package reports

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"

	"chatbridge/migrate"
)

// Verification writes the report of a comparison while it goes on, so that it
// holds nothing however many differences there are. It is text, JSON or CSV; as a
// page, which begins with the verdict, it holds and names the first 2,000.
//
// It must be closed. The first error is kept and returned by Close.
type Verification struct {
	w    *bufio.Writer
	form Format
	n    int
	held []migrate.Difference // for a page
	err  error
}

// NewVerification begins a report.
func NewVerification(w io.Writer, f Format) *Verification {
	v := &Verification{w: bufio.NewWriter(w), form: f}
	switch f {
	case JSON:
		_, v.err = v.w.WriteString("{\n  \"items\": [")
	case CSV:
		v.err = encodeCSV(v.w, [][]string{differenceColumns})
	case Text, HTML:
	default:
		v.err = unknown(f)
	}
	return v
}

// Difference writes one line, or one element.
func (v *Verification) Difference(d migrate.Difference) {
	if v.err != nil {
		return
	}
	v.n++
	switch v.form {
	case JSON:
		v.err = writeElement(v.w, v.n == 1, differenceItem{d, direction(d)})
	case CSV:
		v.err = encodeCSV(v.w, [][]string{differenceRow(d)})
	case HTML:
		if len(v.held) < differencesShown {
			v.held = append(v.held, d)
		}
	default:
		_, v.err = fmt.Fprintln(v.w, Plain(differenceLine(d)))
	}
}

// Close ends the report with what the comparison found as a whole.
func (v *Verification) Close(found migrate.Verification) error {
	if v.err == nil {
		v.err = v.end(found)
	}
	if v.err != nil {
		return v.err
	}
	return v.w.Flush()
}

func (v *Verification) end(found migrate.Verification) error {
	switch v.form {
	case JSON:
		return v.endJSON(found)
	case Text:
		verificationDocument(found).text(v.w)
	case HTML:
		return v.page(found).html(v.w)
	}
	return nil
}

// endJSON writes the fields of found behind the items, into the same object.
func (v *Verification) endJSON(found migrate.Verification) error {
	found.Services = filled(found.Services)
	var raw bytes.Buffer
	if err := encodeJSON(&raw, found); err != nil {
		return err
	}
	fields := bytes.TrimPrefix(raw.Bytes(), []byte("{"))
	_, err := fmt.Fprintf(v.w, "\n  ],%s", fields)
	return err
}

func verificationDocument(v migrate.Verification) *document {
	var differences, foreign int64
	for class, n := range v.Differences {
		if class == migrate.Foreign {
			foreign = n
			continue
		}
		differences += n
	}
	d := &document{title: "Comparison of source and target"}
	switch {
	case v.Equal && foreign == 0:
		d.verdict = "equal."
	case v.Equal:
		d.verdict = fmt.Sprintf("equal; %s by others, which are no difference.", count(foreign, "item was written", "items were written"))
	default:
		d.verdict = count(differences, "difference", "differences") + "."
	}
	d.add(heading("Services"), serviceTable(v.Services))
	compared := tableBlock{header: []string{"kind", "compared"}, numbers: []int{1}}
	for _, kind := range kindsOf(v.Compared) {
		compared.rows = append(compared.rows, []string{kind, Number(v.Compared[kind])})
	}
	d.add(heading("What was compared, in "+Duration(v.Duration)), compared)
	if differences+foreign > 0 {
		t := tableBlock{header: []string{"class", "count"}, numbers: []int{1}}
		for _, class := range slices.Sorted(maps.Keys(v.Differences)) {
			t.rows = append(t.rows, []string{string(class), Number(v.Differences[class])})
		}
		d.add(heading("What differs"), t)
	}
	return d
}
