package reports

import (
	"fmt"
	"io"

	"chatbridge/mapping"
	"chatbridge/migrate"
)

// Policies renders the table of codes and choices, as text or as JSON.
func Policies(w io.Writer, f Format) error {
	rules := mapping.Codes()
	switch f {
	case JSON:
		return encodeJSON(w, struct {
			SchemaVersion int            `json:"schema_version"`
			Command       string         `json:"command"`
			Policies      []mapping.Rule `json:"policies"`
		}{migrate.SchemaVersion, "policies", rules})
	case Text:
		return policyText(w, rules)
	}
	return unknown(f)
}

func policyText(w io.Writer, rules []mapping.Rule) error {
	for i, r := range rules {
		gap := "\n"
		if i == 0 {
			gap = ""
		}
		if _, err := fmt.Fprintf(w, "%s%s (%s)\n  %s\n", gap, r.Code, severities[r.Severity], r.Meaning); err != nil {
			return err
		}
		for _, o := range r.Choices {
			byDefault := ""
			if o.Choice == r.Default {
				byDefault = " (default)"
			}
			if _, err := fmt.Fprintf(w, "    %s=%s: %s%s\n", r.Code, o.Choice, o.Meaning, byDefault); err != nil {
				return err
			}
		}
	}
	return nil
}
