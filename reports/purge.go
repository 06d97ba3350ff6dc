package reports

import (
	"fmt"
	"io"
	"strings"
)

// Purged is what a purge deleted from this machine, or would.
type Purged struct {
	SchemaVersion int         `json:"schema_version"`
	Command       string      `json:"command"`
	Executed      bool        `json:"executed"`
	Items         []PurgeItem `json:"items"`
	// Unfinished says of each ledger whose migration is not known to be finished
	// what that is known by.
	Unfinished []string `json:"unfinished"`
	Lost       []string `json:"lost"` // what cannot be done afterwards
	Next       string   `json:"next"` // the command that does it; empty if it was done
}

// PurgeItem is one file, or one folder of an archive.
type PurgeItem struct {
	Path   string `json:"path"`
	Kind   string `json:"kind"`             // one of the Purge… constants
	Files  int64  `json:"files"`            // that would go or, if it was executed, that went
	Bytes  int64  `json:"bytes"`            // of these
	Holds  string `json:"holds"`            // which data of people
	Done   bool   `json:"done"`             // everything of it that is to go is gone
	Reason string `json:"reason,omitempty"` // why it stays, or a part of it
}

// Kinds of PurgeItem.
const (
	PurgeLedger    = "ledger"
	PurgeBeside    = "beside ledger"
	PurgeOriginals = "originals"
	PurgeArchive   = "archive"
	PurgeReport    = "report"
)

// WritePurge renders a purge, as text or as JSON.
func WritePurge(w io.Writer, f Format, p Purged, options ...Option) error {
	switch f {
	case JSON:
		p.Items, p.Unfinished, p.Lost = filled(p.Items), filled(p.Unfinished), filled(p.Lost)
		return encodeJSON(w, p)
	case Text:
		return purgeDocument(p).with(options).render(w, f)
	}
	return unknown(f)
}

func purgeDocument(p Purged) *document {
	var files, bytes, left int64
	t := tableBlock{header: []string{"path", "bytes", "what it holds"}, numbers: []int{1}}
	var stays []string
	for _, i := range p.Items {
		if p.Executed && !i.Done {
			left++
		}
		files, bytes = files+i.Files, bytes+i.Bytes
		t.rows = append(t.rows, []string{i.Path, Number(i.Bytes), i.Holds})
		if i.Reason != "" {
			stays = append(stays, i.Path+": "+i.Reason)
		}
	}
	d := &document{title: "Purge"}
	amount := fmt.Sprintf("%s with %s", count(files, "file", "files"), count(bytes, "byte", "bytes"))
	switch {
	case p.Executed && left > 0:
		d.verdict = fmt.Sprintf("%s deleted; %s in whole or in part.", amount, count(left, "thing stays", "things stay"))
	case p.Executed:
		d.verdict = amount + " deleted."
	default:
		d.verdict = amount + " would be deleted. Nothing has been deleted."
	}
	goes := heading("What goes")
	if p.Executed {
		goes = "What went"
	}
	d.add(goes, t)
	for _, s := range stays {
		d.add(paragraph(s + "."))
	}
	if len(p.Unfinished) > 0 {
		d.add(heading("Not finished"))
		for _, u := range p.Unfinished {
			d.add(paragraph(u + "."))
		}
	}
	if len(p.Lost) > 0 && !p.Executed {
		d.add(heading("What can no longer be done afterwards"), paragraph(strings.Join(p.Lost, "; ")+"."),
			paragraph("A table of old and new SIDs holds no names. To keep one:"), commands{"chatbridge sids > sids.csv"})
	}
	if p.Next != "" {
		d.add(heading("To do it"), commands{p.Next})
	}
	return d
}
