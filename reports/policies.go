package reports

import (
	"fmt"
	"io"
	"strings"

	"chatbridge/mapping"
	"chatbridge/migrate"
)

// Policies renders the table of codes and choices, as text, JSON, Markdown, CSV or
// a page.
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
	case CSV:
		return encodeCSV(w, policyRows(rules))
	case Markdown, HTML:
		return policyDocument(rules).render(w, f)
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

// policyRows has one row for each choice, and one for a code without any.
func policyRows(rules []mapping.Rule) [][]string {
	rows := [][]string{{"code", "severity", "meaning", "choice", "default", "choice_meaning"}}
	for _, r := range rules {
		if len(r.Choices) == 0 {
			rows = append(rows, []string{string(r.Code), string(r.Severity), r.Meaning, "", "", ""})
		}
		for _, o := range r.Choices {
			rows = append(rows, []string{
				string(r.Code), string(r.Severity), r.Meaning, string(o.Choice), fmt.Sprint(o.Choice == r.Default), o.Meaning,
			})
		}
	}
	return rows
}

// policyDocument puts first what a person has to decide.
func policyDocument(rules []mapping.Rule) *document {
	chosen := tableBlock{header: []string{"code", "case", "choices, the default first"}}
	told := tableBlock{header: []string{"code", "case", "what becomes of it"}}
	for _, r := range rules {
		if len(r.Choices) == 0 {
			told.rows = append(told.rows, []string{string(r.Code), r.Meaning, severities[r.Severity]})
			continue
		}
		all := make([]string, 0, len(r.Choices))
		for _, o := range r.Choices {
			one := string(o.Choice) + ": " + o.Meaning
			if o.Choice == r.Default {
				all = append([]string{one}, all...)
				continue
			}
			all = append(all, one)
		}
		chosen.rows = append(chosen.rows, []string{string(r.Code), r.Meaning, strings.Join(all, "; ")})
	}
	d := &document{
		title: "Policies", tone: good,
		verdict: fmt.Sprintf("%s; %s can be decided.", count(int64(len(rules)), "case", "cases"), Number(int64(len(chosen.rows)))),
	}
	d.add(
		paragraph("What Conversations cannot take unchanged. An audit counts each case in a workspace; nothing is dropped without a report."),
		heading("To decide"),
		paragraph("The first choice applies, unless --policy or the policy table of a configuration file gives another:"),
		commands{"chatbridge migrate --policy media=placeholder,empty-body=space"}, chosen,
		heading("Told"), paragraph("These have no choice."), told,
	)
	return d
}
