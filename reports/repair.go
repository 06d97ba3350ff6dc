package reports

import (
	"fmt"
	"io"
	"maps"
	"slices"

	"chatbridge/migrate/verify"
)

// Repairs writes the report of a repair while it goes on: one line, or one
// element, for each difference and what becomes of it. It is text, JSON or CSV.
//
// It must be closed. The first error is kept and returned by Close.
type Repairs struct {
	items
	execute bool
}

var repairColumns = append(slices.Clone(differenceColumns), "becomes", "reason")

// NewRepairs begins a report. execute says whether repairs are made or only
// listed.
func NewRepairs(w io.Writer, f Format, execute bool, options ...Option) *Repairs {
	r := &Repairs{newItems(w, f, repairColumns, Text, JSON, CSV), execute}
	r.options = options
	return r
}

// becomes says what happens, or happened, to a difference.
func becomes(r verify.Repair, execute bool) string {
	switch {
	case r.Done:
		return "brought back"
	case !r.Possible:
		return "stays"
	case execute:
		return "failed"
	default:
		return "can be brought back"
	}
}

// Repair writes one line, or one element.
func (r *Repairs) Repair(one verify.Repair) {
	word := becomes(one, r.execute)
	line := differenceLine(one.Difference) + "; " + word
	if one.Reason != "" {
		line += ": " + one.Reason
	}
	r.item(repairItem{one, direction(one.Difference), word}, append(differenceRow(one.Difference), word, one.Reason), line)
}

// repairItem is a repair as an element of JSON.
type repairItem struct {
	verify.Repair
	Direction string `json:"direction"`
	Becomes   string `json:"becomes"`
}

// Close ends the report with what the repair did as a whole.
func (r *Repairs) Close(done verify.Repairs) error {
	return r.end(done, func() *document { return repairDocument(done) })
}

func repairDocument(done verify.Repairs) *document {
	d := &document{title: "Repair of the target", verdict: repairVerdict(done)}
	t := tableBlock{header: []string{"of the differences", "count"}, numbers: []int{1}}
	can := "can be brought back"
	if done.Executed {
		t.rows = append(t.rows, []string{"brought back", Number(done.Done)})
		can = "could be brought back, but failed"
	}
	t.rows = append(t.rows,
		[]string{can, Number(done.Possible - done.Done)},
		[]string{"stay", Number(done.Impossible)},
	)
	d.add(heading("What became of them, in "+Duration(done.Duration)), t)
	left := tableBlock{header: []string{"class", "count"}, numbers: []int{1}}
	for _, class := range slices.Sorted(maps.Keys(done.Differences)) {
		left.rows = append(left.rows, []string{string(class), Number(done.Differences[class])})
	}
	if len(left.rows) > 0 {
		d.add(heading("What differs now"), left)
	}
	if !done.Executed && done.Possible > 0 {
		d.add(heading("What to do next"), commands{"chatbridge verify --repair --execute"})
	}
	return d
}

func repairVerdict(done verify.Repairs) string {
	switch {
	case done.Executed && done.Equal:
		return count(done.Done, "difference was", "differences were") + " brought back; both sides are equal."
	case done.Equal:
		return "nothing to do; both sides are equal."
	case done.Executed:
		return fmt.Sprintf("%s brought back; both sides still differ.", count(done.Done, "difference was", "differences were"))
	case done.Possible == 0:
		return "none of the differences can be brought back."
	default:
		return fmt.Sprintf("nothing was written; %s be brought back, %s.",
			count(done.Possible, "difference can", "differences can"), count(done.Impossible, "stays", "stay"))
	}
}
