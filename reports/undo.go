package reports

import (
	"fmt"
	"io"
	"strconv"

	"chatbridge/migrate"
	"chatbridge/migrate/undo"
)

// Undo writes the report of an undo while it goes on, so that it holds nothing
// however much there is. It is text, JSON or CSV.
//
// It must be closed. The first error is kept and returned by Close.
type Undo struct{ items }

var removalColumns = []string{"fate", "kind", "source_sid", "target_sid", "done", "reason"}

// NewUndo begins a report.
func NewUndo(w io.Writer, f Format) *Undo {
	return &Undo{newItems(w, f, removalColumns, Text, JSON, CSV)}
}

// Removal writes one line, or one element. Text has no line for a user or a role
// that goes: their service or conversations tell enough.
func (u *Undo) Removal(r undo.Removal) {
	line := ""
	if r.Fate == undo.Keep || r.Fate == undo.Restore || r.Kind == migrate.KindServices || r.Kind == migrate.KindChannels {
		line = fmt.Sprintf("%s %s %s", r.Fate, r.Kind, r.TargetSID)
		if r.SourceSID != "" {
			line += " (was " + r.SourceSID + ")"
		}
		if r.Reason != "" {
			line += ": " + r.Reason
		}
	}
	u.item(r, []string{string(r.Fate), r.Kind, r.SourceSID, r.TargetSID, strconv.FormatBool(r.Done), r.Reason}, line)
}

// Close ends the report with what the undo did as a whole.
func (u *Undo) Close(done undo.Undone) error {
	return u.end(done, func() *document { return undoDocument(done) })
}

func undoDocument(done undo.Undone) *document {
	var goes, gone, kept, back int64
	t := tableBlock{header: []string{"kind", "to delete", "to give back", "done", "kept", "gone before"}, numbers: []int{1, 2, 3, 4, 5}}
	for _, kind := range []string{migrate.KindServices, migrate.KindRoles, migrate.KindUsers, migrate.KindChannels} {
		c, ok := done.Counts[kind]
		if !ok {
			continue
		}
		goes, gone, kept, back = goes+c.Delete, gone+c.Done, kept+c.Keep, back+c.Restore
		t.rows = append(t.rows, []string{kind, Number(c.Delete), Number(c.Restore), Number(c.Done), Number(c.Keep), Number(c.Gone)})
	}
	d := &document{title: "Undo"}
	switch {
	case len(t.rows) == 0:
		d.verdict = "the ledger knows of nothing in the target."
		return d
	case done.Executed:
		d.verdict = fmt.Sprintf("%s deleted%s, %s kept.", count(gone-back, "thing", "things"), givenBack(back), Number(kept))
	default:
		d.verdict = fmt.Sprintf("%s would be deleted%s, %s kept. Nothing was.", count(goes, "thing", "things"), givenBack(back), Number(kept))
	}
	d.add(heading("By kind"), t)
	if !done.Executed && goes+back > 0 {
		d.add(heading("To do it"), commands{"chatbridge undo --execute"})
	}
	return d
}

func givenBack(n int64) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(", %s given back", Number(n))
}
