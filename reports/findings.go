package reports

import (
	"bufio"
	"fmt"
	"strings"

	"chatbridge/mapping"
	"chatbridge/migrate"
)

// severities are what a severity is called where people read.
var severities = map[mapping.Severity]string{
	mapping.Info: "changed form",
	mapping.Loss: "lost in part",
	mapping.Skip: "left out",
	mapping.Stop: "stops its channel",
}

var meanings, choices = func() (map[mapping.Code]string, map[mapping.Code][]mapping.Option) {
	meanings, choices := map[mapping.Code]string{}, map[mapping.Code][]mapping.Option{}
	for _, r := range mapping.Codes() {
		meanings[r.Code], choices[r.Code] = r.Meaning, r.Choices
	}
	return meanings, choices
}()

// samplesShown is how many SIDs a report for people shows for each code: two
// fit on a line.
const samplesShown = 2

// findingList is the part of a report about what was not carried unchanged.
type findingList []migrate.FindingCount

func (d *document) findings(all []migrate.FindingCount, title string) {
	d.add(heading(title))
	if len(all) == 0 {
		d.add(paragraph("Nothing: everything arrives as it was."))
		return
	}
	d.add(findingList(all))
}

func samples(f migrate.FindingCount) string {
	return strings.Join(f.Samples[:min(samplesShown, len(f.Samples))], " ")
}

// text gives each code a line of its own, and what it means and where it was
// seen below: side by side they are wider than a terminal.
func (l findingList) text(w *bufio.Writer) {
	t := tableBlock{header: []string{"code", "count", "effect"}, numbers: []int{1}}
	for _, f := range l {
		t.rows = append(t.rows, []string{string(f.Code), Number(f.Count), severities[f.Severity]})
	}
	lines := strings.Split(t.text(), "\n")
	fmt.Fprintln(w, indent(lines[0]))
	for i, f := range l {
		fmt.Fprintln(w, indent(lines[i+1]))
		for _, more := range []string{meanings[f.Code], samples(f)} {
			if more != "" {
				fmt.Fprintf(w, "      %s\n", Plain(more))
			}
		}
	}
}

func (l findingList) markdown(w *bufio.Writer) {
	t := tableBlock{header: []string{"code", "count", "effect", "meaning", "such as"}, numbers: []int{1}}
	for _, f := range l {
		t.rows = append(t.rows, []string{string(f.Code), Number(f.Count), severities[f.Severity], meanings[f.Code], samples(f)})
	}
	t.markdown(w)
}

func findingRows(all []migrate.FindingCount) [][]string {
	var rows [][]string
	for _, f := range all {
		name := string(f.Code)
		rows = append(rows,
			[]string{"finding", name, "severity", string(f.Severity)},
			[]string{"finding", name, "count", whole(f.Count)},
			[]string{"finding", name, "samples", strings.Join(f.Samples, " ")},
		)
	}
	return rows
}

// filled is list, and never nil: a program that reads JSON is given an empty
// list and no null.
func filled[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func filledFindings(all []migrate.FindingCount) []migrate.FindingCount {
	out := make([]migrate.FindingCount, len(all))
	for i, f := range all {
		f.Samples = filled(f.Samples)
		out[i] = f
	}
	return out
}
