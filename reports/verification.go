package reports

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/verify"
)

// Verification writes the report of a comparison while it goes on, so that it
// holds nothing however many differences there are. It is text, JSON or CSV; as a
// page, which begins with the verdict, it names 20,000, the gravest of more, and
// holds no more than twice as many.
//
// It must be closed. The first error is kept and returned by Close.
type Verification struct {
	items
	held []verify.Difference // for a page
}

// NewVerification begins a report.
func NewVerification(w io.Writer, f Format, options ...Option) *Verification {
	v := &Verification{items: newItems(w, f, differenceColumns, Text, JSON, CSV, HTML)}
	v.options = options
	return v
}

// Difference writes one line, or one element.
func (v *Verification) Difference(d verify.Difference) {
	v.item(differenceItem{d, direction(d)}, differenceRow(d), differenceLine(d))
	if v.form == HTML {
		v.hold(d)
	}
}

// Close ends the report with what the comparison found as a whole.
func (v *Verification) Close(found verify.Verification) error {
	found.Services, found.Findings = filled(found.Services), filledFindings(found.Findings)
	if found.Counts == nil {
		found.Counts = map[string]migrate.KindCount{}
	}
	if v.form == HTML && v.err == nil {
		if err := v.page(found).with(v.options).html(v.w); err != nil {
			return err
		}
	}
	return v.end(found, func() *document {
		if isBrief(v.form, v.options) {
			return briefVerification(found)
		}
		return verificationDocument(found)
	})
}

func verificationDocument(v verify.Verification) *document {
	var differences, foreign int64
	for class, n := range v.Differences {
		if class == verify.Foreign {
			foreign = n
			continue
		}
		differences += n
	}
	d := &document{title: "Comparison of source and target"}
	if inPlace(v) {
		d.title = "Comparison of Chat and Conversations in place"
	}
	switch {
	case v.Equal && foreign == 0:
		d.verdict = "equal."
	case v.Equal:
		d.verdict = fmt.Sprintf("equal; %s by others, which do not count as differences.", count(foreign, "item was written", "items were written"))
	default:
		d.verdict = count(differences, "difference", "differences") + "."
	}
	for _, f := range v.Findings {
		if f.Code == mapping.NotShown {
			d.verdict += fmt.Sprintf(" The key may not read %s of the source, which %s not compared.", count(f.Count, "list", "lists"), map[bool]string{true: "was", false: "were"}[f.Count == 1])
		}
	}
	d.add(heading("Services"), serviceTable(v.Services))
	compared := tableBlock{header: []string{"kind", "in the source", "in the target", "left out", "missing"}, numbers: []int{1, 2, 3, 4}}
	if inPlace(v) {
		compared = tableBlock{header: []string{"kind", "in Chat", "in Conversations", "missing"}, numbers: []int{1, 2, 3}}
	}
	for _, kind := range kindsOf(v.Counts) {
		c := v.Counts[kind]
		row := []string{kind, Number(c.Source), Number(c.Target()), Number(c.LeftOut), Number(c.Failed)}
		if inPlace(v) {
			row = slices.Delete(row, 3, 4) // no policy leaves anything out
		}
		compared.rows = append(compared.rows, row)
	}
	d.add(heading("What was compared, in "+Duration(v.Duration)), compared)
	if text := comparedFiles(v); text != "" {
		d.add(paragraph(text))
	}
	if differences+foreign > 0 {
		t := tableBlock{header: []string{"class", "count"}, numbers: []int{1}}
		for _, class := range slices.Sorted(maps.Keys(v.Differences)) {
			t.rows = append(t.rows, []string{string(class), Number(v.Differences[class])})
		}
		d.add(heading("What differs"), t)
	}
	if len(v.Findings) > 0 {
		d.findings(v.Findings, "What the source counts but does not show")
	}
	return d
}

// inPlace reports whether both sides are one account.
func inPlace(v verify.Verification) bool { return v.Command == verify.InPlaceCommand }

// comparedFiles says how closely the files were compared.
func comparedFiles(v verify.Verification) string {
	switch {
	case len(v.NotShown) > 0:
		return "Not compared, because Chat v1 does not show them: " + strings.Join(v.NotShown, ", ") +
			". To compare them too: chatbridge verify --in-place --source-api v2"
	case inPlace(v) && v.Counts[migrate.KindFiles].Source > 0:
		return "The files were compared by size, type and name."
	case v.FileBytes > 0:
		return "The files were compared byte by byte: " + Bytes(v.FileBytes) + "."
	case v.Counts[migrate.KindFiles].Source > 0:
		return "The files were compared by size, type and name. To compare their bytes: chatbridge verify --files"
	}
	return ""
}
