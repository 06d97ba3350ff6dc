package reports

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// CopiedLedger is what a copy of a ledger has.
type CopiedLedger struct {
	SchemaVersion int          `json:"schema_version"`
	Command       string       `json:"command"`
	From          string       `json:"from"`
	To            string       `json:"to"`
	Records       []RecordKind `json:"records"`
	Next          string       `json:"next"` // the command that looks at the copy
}

// RecordKind is how many records of a kind a ledger has.
type RecordKind struct {
	Kind  string `json:"kind"`
	Count int64  `json:"count"`
}

// RecordKinds lists kinds in their order.
func RecordKinds(counts map[string]int64) []RecordKind {
	all := []RecordKind{}
	for _, kind := range slices.Sorted(maps.Keys(counts)) {
		all = append(all, RecordKind{kind, counts[kind]})
	}
	return all
}

// WriteCopiedLedger renders a copy, as text or as JSON.
func WriteCopiedLedger(w io.Writer, f Format, c CopiedLedger) error {
	switch f {
	case JSON:
		c.Records = filled(c.Records)
		return encodeJSON(w, c)
	case Text:
		var kinds []string
		for _, k := range c.Records {
			kinds = append(kinds, Number(k.Count)+" "+k.Kind)
		}
		what := "it was empty"
		if len(kinds) > 0 {
			what = strings.Join(kinds, ", ")
		}
		_, err := fmt.Fprintf(w, "Copied %s to %s: %s.\nTo look at the copy:  %s\n", c.From, c.To, what, c.Next)
		return err
	}
	return unknown(f)
}
