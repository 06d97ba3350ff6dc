package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// report is what a run found.
type report struct {
	Seed    uint64   `json:"seed"`
	Sites   int      `json:"sites"` // mutants that there are
	Mutants []*trial `json:"mutants"`
	Stale   []string `json:"stale,omitempty"`
}

// unexpected are the survivors that nobody accepted.
func (r *report) unexpected() []*trial {
	var all []*trial
	for _, t := range r.Mutants {
		if t.Accepted == "" && (t.Verdict == survived || t.Verdict == notReached) {
			all = append(all, t)
		}
	}
	return all
}

func (r *report) json(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(r)
}

func (r *report) text(w io.Writer) error {
	var b strings.Builder
	if lost := r.unexpected(); len(lost) > 0 {
		fmt.Fprintf(&b, "%d survivors:\n", len(lost))
		for _, t := range lost {
			fmt.Fprintf(&b, "\n%s  %s  (-only %s)\n  %s\n  %s\n", t.where(), t.Verdict, t.ID, t.Key, ran(t.Tests))
		}
		b.WriteString("\n")
	}
	slices.Sort(r.Stale)
	for _, key := range r.Stale {
		fmt.Fprintf(&b, "accepted for nothing (no such mutant, or a test kills it): %s\n", key)
	}
	r.table(&b)
	_, err := io.WriteString(w, b.String())
	return err
}

// ran names the tests that did not notice a mutant.
func ran(tests []string) string {
	const named = 4
	switch {
	case len(tests) == 0:
		return "reached by no test"
	case len(tests) > named:
		return fmt.Sprintf("reached by %s and %d more tests, which pass", strings.Join(tests[:named], ", "), len(tests)-named)
	}
	return fmt.Sprintf("reached by %s, which pass", strings.Join(tests, ", "))
}

// row counts the mutants of a file or a package.
type row struct {
	name     string
	all      int
	verdicts map[verdict]int
	accepted int
}

func (r *row) add(t *trial) {
	r.all++
	if t.Accepted != "" {
		r.accepted++
		return
	}
	r.verdicts[t.Verdict]++
}

func (r *report) table(b *strings.Builder) {
	rows := map[string]*row{}
	count := func(name string, t *trial) {
		if rows[name] == nil {
			rows[name] = &row{name: name, verdicts: map[verdict]int{}}
		}
		rows[name].add(t)
	}
	for _, t := range r.Mutants {
		count(t.Package, t)
		count(t.Package+"\x00"+t.File, t)
		count("\xff", t)
	}
	sorted := make([]*row, 0, len(rows))
	for _, r := range rows {
		sorted = append(sorted, r)
	}
	slices.SortFunc(sorted, func(a, b *row) int { return cmp.Compare(a.name, b.name) })
	tw := tabwriter.NewWriter(b, 0, 0, 2, ' ', tabwriter.AlignRight)
	columns := []verdict{killed, timeout, survived, notReached, notRun}
	fmt.Fprint(tw, "mutants\t")
	for _, v := range columns {
		fmt.Fprintf(tw, "%s\t", v)
	}
	fmt.Fprint(tw, "accepted\t \n")
	for _, r := range sorted {
		fmt.Fprintf(tw, "%d\t", r.all)
		for _, v := range columns {
			fmt.Fprintf(tw, "%d\t", r.verdicts[v])
		}
		name := r.name
		if _, file, ok := strings.Cut(name, "\x00"); ok {
			name = "  " + file
		}
		fmt.Fprintf(tw, "%d\t  %s\n", r.accepted, strings.Replace(name, "\xff", "all", 1))
	}
	_ = tw.Flush()
}
