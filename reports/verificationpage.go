package reports

import (
	"cmp"
	"fmt"
	"slices"

	"chatbridge/migrate"
	"chatbridge/migrate/verify"
)

// classOrder has the gravest first: what is not there, what is there and should not
// be, and last what is no difference.
var classOrder = []verify.Class{
	verify.NotVisible, verify.Missing, verify.Doubled, verify.Extra, verify.Reordered, verify.Altered, verify.WrongAuthor, verify.WrongDate,
	verify.WrongRole, verify.WrongHorizon, verify.Foreign,
}

// hold keeps a difference for the page.
func (v *Verification) hold(d verify.Difference) {
	v.held = append(v.held, d)
	if len(v.held) >= 2*catalogShown {
		v.trim()
	}
}

// trim keeps the gravest, in the order in which they were found.
func (v *Verification) trim() {
	slices.SortStableFunc(v.held, func(a, b verify.Difference) int {
		return cmp.Compare(slices.Index(classOrder, a.Class), slices.Index(classOrder, b.Class))
	})
	v.held = slices.Clip(v.held[:min(len(v.held), catalogShown)])
}

// page is the comparison with its differences, as many as are held.
func (v *Verification) page(found verify.Verification) *document {
	d := verificationDocument(found)
	d.tone = good
	if !found.Equal {
		d.tone = bad
	}
	d.figures, d.second = verificationFigures(found), verificationSecond(found)
	if len(v.held) == 0 {
		return d
	}
	v.trim()
	k := catalog{
		ID: "differences", Label: "Class",
		Caption: count(int64(v.n), "item", "items") + ", the gravest first",
		Header: []column{
			{"class", "short"}, {"kind", "short"}, {"field", "state"}, {"detail", "text"}, {"where", "state"},
			{"channel", "sid"}, {"source", "sid"}, {"target", "sid"},
		},
	}
	if v.n > len(v.held) {
		k.Caption = fmt.Sprintf("%s of %s, the gravest first. chatbridge verify --output csv lists them all",
			Number(int64(len(v.held))), count(int64(v.n), "item", "items"))
	}
	for _, one := range v.held {
		k.Rows = append(k.Rows, catalogRow{
			{Text: string(one.Class), Head: true}, {Text: one.Kind}, {Text: one.Field}, {Text: one.Detail}, {Text: direction(one)},
			{Text: one.Channel}, {Text: cmp.Or(one.SourceSID, "none")}, {Text: cmp.Or(one.TargetSID, "none")},
		})
	}
	d.add(heading("Every difference"), k)
	return d
}

// verificationSecond is what is said below the verdict: what is where.
func verificationSecond(v verify.Verification) string {
	if len(v.Counts) == 0 {
		return ""
	}
	text := "In the target: "
	if v.Equal {
		text = "On both sides: "
	}
	text += amountsOf(v.Counts, migrate.KindCount.Target)
	for _, one := range []struct {
		text string
		of   func(migrate.KindCount) int64
	}{
		{" Missing there: ", func(c migrate.KindCount) int64 { return c.Failed }},
		{" Left out by policies: ", func(c migrate.KindCount) int64 { return c.LeftOut }},
	} {
		if amounts := amountsOf(v.Counts, one.of); amounts != "nothing." {
			text += one.text + amounts
		}
	}
	return text
}

func verificationFigures(v verify.Verification) []figure {
	var differences int64
	for class, n := range v.Differences {
		if class != verify.Foreign {
			differences += n
		}
	}
	return []figure{
		{"differences", Number(differences)},
		{"written by others", Number(v.Differences[verify.Foreign])},
		{"messages compared", Number(v.Counts[migrate.KindMessages].Source)},
		{"channels compared", Number(v.Counts[migrate.KindChannels].Source)},
		{"took", Duration(v.Duration)},
	}
}
