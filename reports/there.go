package reports

import (
	"fmt"
	"strings"

	"chatbridge/mapping"
	"chatbridge/migrate/audit"
)

// thereShown is how many things of the target a report for people lists.
const thereShown = 20

// there lists what the target has otherwise, and what each policy would do.
func (d *document) there(all []audit.Held) {
	if len(all) == 0 {
		return
	}
	t := tableBlock{header: []string{"kind", "source", "target", "differs in", "becomes"}}
	asked := map[mapping.Code]bool{}
	var codes []mapping.Code
	for i, h := range all {
		if !asked[h.Code] {
			asked[h.Code] = true
			codes = append(codes, h.Code)
		}
		if i < thereShown {
			t.rows = append(t.rows, []string{h.Kind, h.SourceSID, h.TargetSID, strings.Join(h.Differs, ", "), h.Fate})
		}
	}
	d.add(heading("What differs in the target already"), t)
	if more := len(all) - thereShown; more > 0 {
		d.add(paragraph(fmt.Sprintf("And %s more: --output json lists them.", Number(int64(more)))))
	}
	var next commands
	for _, code := range codes {
		for _, o := range choices[code] {
			next = append(next, fmt.Sprintf("--policy %s=%s    # %s", code, o.Choice, o.Meaning))
		}
	}
	if len(next) > 0 {
		d.add(paragraph("What each policy would do:"), next)
	}
}
