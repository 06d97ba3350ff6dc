package reports

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// encodeJSON writes v as one indented object. Characters that a terminal would
// obey are escaped also where JSON lets them stand.
func encodeJSON(w io.Writer, v any) error {
	var raw bytes.Buffer
	e := json.NewEncoder(&raw)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("encode report: %w", err)
	}
	_, err := io.WriteString(w, escaped(raw.String()))
	return err
}

// escaped is JSON text that differs from s in its spelling only. Nothing hostile
// but the line feeds of the indentation stands outside of strings.
func escaped(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r != '\n' && hostile(r) {
			fmt.Fprintf(&b, `\u%04x`, r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// encodeCSV writes rows whose cells are all harmless.
func encodeCSV(w io.Writer, rows [][]string) error {
	c := csv.NewWriter(w)
	for _, r := range rows {
		safe := make([]string, len(r))
		for i, s := range r {
			safe[i] = cell(s)
		}
		if err := c.Write(safe); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}
