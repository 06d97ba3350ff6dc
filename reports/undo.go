package reports

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"

	"chatbridge/migrate"
	"chatbridge/migrate/undo"
)

// Undo writes the report of an undo while it goes on, so that it holds nothing
// however much there is. It is text, JSON or CSV.
//
// It must be closed. The first error is kept and returned by Close.
//
// Text names each thing only if All is set before the first one; else what stays,
// up to failuresShown, and the conversations with the most messages.
type Undo struct {
	items
	All bool

	kept     int
	channels int64
	messages int64
	files    int64
	bytes    int64
	largest  []undo.Removal
}

// largestShown is how many conversations a text names.
const largestShown = 5

var removalColumns = []string{"fate", "kind", "source_sid", "target_sid", "done", "reason"}

// NewUndo begins a report.
func NewUndo(w io.Writer, f Format, options ...Option) *Undo {
	u := &Undo{items: newItems(w, f, removalColumns, Text, JSON, CSV)}
	u.options = options
	return u
}

// Removal writes one line, or one element. Text never has a line for a user or a
// role that goes: their service or conversations tell enough.
func (u *Undo) Removal(r undo.Removal) {
	line, stays := "", r.Fate == undo.Keep || r.Fate == undo.Restore
	if r.Kind == migrate.KindChannels && r.Fate == undo.Delete {
		u.sum(r)
	}
	if stays {
		u.kept++
	}
	if stays && u.kept <= failuresShown || r.Kind == migrate.KindServices || u.All && (stays || r.Kind == migrate.KindChannels) {
		line = fmt.Sprintf("%s %s %s", r.Fate, r.Kind, r.TargetSID)
		if r.Name != "" {
			line += " " + r.Name
		}
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
	return u.end(done, func() *document { return u.document(done) })
}

func (u *Undo) sum(r undo.Removal) {
	u.channels++
	u.messages += r.Messages
	u.files += r.Files
	u.bytes += r.FileBytes
	u.largest = append(u.largest, r)
	slices.SortStableFunc(u.largest, func(a, b undo.Removal) int {
		return cmp.Or(cmp.Compare(b.Messages, a.Messages), cmp.Compare(a.SourceSID, b.SourceSID))
	})
	u.largest = u.largest[:min(largestShown, len(u.largest))]
}

// document adds to what was done as a whole what it was about.
func (u *Undo) document(done undo.Undone) *document {
	d := undoDocument(done)
	if u.channels == 0 || u.All {
		return d
	}
	t := tableBlock{header: []string{"conversation", "name", "messages"}, numbers: []int{2}}
	for _, r := range u.largest {
		t.rows = append(t.rows, []string{r.TargetSID, r.Name, Number(r.Messages)})
	}
	within := count(u.messages, "message", "messages")
	if u.files > 0 {
		within += fmt.Sprintf(" and %s (%s)", count(u.files, "file", "files"), Bytes(u.bytes))
	}
	all := fmt.Sprintf("%s with %s in all", count(u.channels, "conversation", "conversations"), within)
	about := []block{heading("The largest conversations"), t, paragraph(all + ".")}
	if !done.Executed {
		about = append(about[:2], paragraph(all+". To list each of them:"), commands{"chatbridge undo --all"})
	}
	d.blocks = append(about, d.blocks...)
	return d
}

func undoDocument(done undo.Undone) *document {
	var goes, gone, kept, back int64
	t := tableBlock{header: []string{"kind", "to delete", "to restore", "done", "kept", "gone before"}, numbers: []int{1, 2, 3, 4, 5}}
	for _, kind := range []string{migrate.KindServices, migrate.KindRoles, migrate.KindUsers, migrate.KindChannels} {
		c, ok := done.Counts[kind]
		if !ok {
			continue
		}
		goes, gone, kept, back = goes+c.Delete, gone+c.Done, kept+c.Keep, back+c.Restore
		t.rows = append(t.rows, []string{kind, Number(c.Delete), Number(c.Restore), Number(c.Done), Number(c.Keep), Number(c.Gone)})
	}
	d := &document{title: "Undo"}
	early := endedEarly[done.Status]
	switch {
	case len(t.rows) == 0 && early != "":
		d.verdict = "the undo " + early + " before it looked at anything."
		return d
	case len(t.rows) == 0:
		d.verdict = "the ledger records nothing in the target."
		return d
	case done.Executed:
		d.verdict = fmt.Sprintf("%s deleted%s, %s kept.", count(gone-back, "thing", "things"), givenBack(back), Number(kept))
	default:
		d.verdict = fmt.Sprintf("%s would be deleted%s, %s kept. Nothing has been deleted.", count(goes, "thing", "things"), givenBack(back), Number(kept))
	}
	if early != "" {
		d.verdict = "the undo " + early + ". Until then " + d.verdict
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
	return fmt.Sprintf(", %s restored", Number(n))
}
