package reports

import (
	"errors"
	"fmt"
	"strings"
)

// Format is the form of a report.
type Format string

// Formats.
const (
	Text     Format = "text"
	JSON     Format = "json"
	Markdown Format = "markdown"
	CSV      Format = "csv"
	HTML     Format = "html"
)

// List names formats for a person: "text, json or csv".
func List(forms []Format) string {
	names := make([]string, len(forms))
	for i, f := range forms {
		names[i] = string(f)
	}
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

var errFormat = errors.New("this report has no such format")

func unknown(f Format) error { return fmt.Errorf("render %s: %w", f, errFormat) }
