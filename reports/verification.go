package reports

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"

	"chatbridge/migrate"
)

// Verification writes the report of a comparison while it goes on, so that it
// holds nothing however many differences there are. It is text, JSON or CSV.
//
// It must be closed. The first error is kept and returned by Close.
type Verification struct {
	w    *bufio.Writer
	form Format
	n    int
	err  error
}

// NewVerification begins a report.
func NewVerification(w io.Writer, f Format) *Verification {
	v := &Verification{w: bufio.NewWriter(w), form: f}
	switch f {
	case JSON:
		_, v.err = v.w.WriteString("{\n  \"items\": [")
	case CSV:
		v.err = encodeCSV(v.w, [][]string{{"class", "direction", "kind", "channel_sid", "source_sid", "target_sid", "field", "detail"}})
	case Text:
	default:
		v.err = unknown(f)
	}
	return v
}

// symbols tell which side an item is on, one character each.
var symbols = map[migrate.Class]string{
	migrate.Missing: "-",
	migrate.Extra:   "+",
	migrate.Doubled: "+",
	migrate.Foreign: "?",
}

// direction says which side lacks an item.
func direction(d migrate.Difference) string {
	switch {
	case d.TargetSID == "":
		return "not in target"
	case d.SourceSID == "":
		return "not in source"
	}
	return "in both"
}

// Difference writes one line, or one element.
func (v *Verification) Difference(d migrate.Difference) {
	if v.err != nil {
		return
	}
	v.n++
	switch v.form {
	case JSON:
		v.element(d)
	case CSV:
		v.err = encodeCSV(v.w, [][]string{{string(d.Class), direction(d), d.Kind, d.Channel, d.SourceSID, d.TargetSID, d.Field, d.Detail}})
	default:
		line := fmt.Sprintf("%s %s: %s %s -> %s", cmp.Or(symbols[d.Class], "!"), d.Class, d.Kind, cmp.Or(d.SourceSID, "none"), cmp.Or(d.TargetSID, "none"))
		if d.Channel != "" {
			line += " in " + d.Channel
		}
		for _, more := range []string{d.Field, d.Detail} {
			if more != "" {
				line += "; " + more
			}
		}
		_, v.err = fmt.Fprintln(v.w, Plain(line))
	}
}

func (v *Verification) element(d migrate.Difference) {
	raw, err := json.Marshal(d)
	if err != nil {
		v.err = fmt.Errorf("encode difference: %w", err)
		return
	}
	separator := ",\n    "
	if v.n == 1 {
		separator = "\n    "
	}
	_, v.err = v.w.WriteString(separator + escaped(string(raw)))
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
