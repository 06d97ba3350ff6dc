package reports

import (
	"cmp"
	"fmt"
	"slices"

	"chatbridge/migrate/verify"
)

// differencesShown is how many differences a page names.
const differencesShown = 2000

// page is the comparison with its differences, as many as are held.
func (v *Verification) page(found verify.Verification) *document {
	d := verificationDocument(found)
	d.tone = good
	if !found.Equal {
		d.tone = bad
	}
	if len(v.held) == 0 {
		return d
	}
	k := catalog{
		ID: "differences", StateLabel: "Class",
		Caption: count(int64(v.n), "item", "items"),
		Header: []column{
			{"class", false}, {"kind", false}, {"field", false}, {"detail", false}, {"where", false},
			{"channel", false}, {"source", false}, {"target", false},
		},
	}
	if v.n > len(v.held) {
		k.Caption = fmt.Sprintf("The first %s of %s; chatbridge verify --output csv lists them all", Number(int64(len(v.held))), count(int64(v.n), "item", "items"))
	}
	for _, one := range v.held {
		class := string(one.Class)
		if !slices.Contains(k.States, class) {
			k.States = append(k.States, class)
		}
		k.Rows = append(k.Rows, catalogRow{State: class, Cells: []tableCell{
			{Text: class, Head: true}, {Text: one.Kind}, {Text: one.Field}, {Text: one.Detail, Class: classOf(one.Detail)}, {Text: direction(one)},
			{Text: one.Channel, Class: "sid"}, {Text: cmp.Or(one.SourceSID, "none"), Class: "sid"}, {Text: cmp.Or(one.TargetSID, "none"), Class: "sid"},
		}})
	}
	slices.Sort(k.States)
	d.add(heading("Every difference"), k)
	return d
}
