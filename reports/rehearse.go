package reports

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"chatbridge/migrate"
	"chatbridge/migrate/rehearse"
)

// Rehearse renders a rehearsal as text, JSON, Markdown or HTML.
func Rehearse(w io.Writer, f Format, r migrate.Rehearsal, options ...Option) error {
	switch f {
	case JSON:
		r.Experiments = filled(r.Experiments)
		return encodeFrom(w, r, provenanceOf(options))
	case Text, Markdown, HTML:
		return rehearsalDocument(r).with(options).render(w, f)
	}
	return unknown(f)
}

func rehearsalDocument(r migrate.Rehearsal) *document {
	d := &document{title: "Rehearsal in account " + r.AccountSID, verdict: rehearsalVerdict(r), tone: good}
	switch {
	case !r.Sound:
		d.tone = bad
	case r.Verdicts[migrate.Dangerous] > 0:
		d.tone = warn
	}
	d.second = "It holds for this account in region " + r.Region + " and nowhere else."
	d.figures = []figure{
		{"dangerous", Number(int64(r.Verdicts[migrate.Dangerous]))}, {"harmless", Number(int64(r.Verdicts[migrate.Harmless]))},
		{"as assumed", Number(int64(r.Verdicts[migrate.AsAssumed]))}, {"not seen", Number(int64(r.Verdicts[migrate.NotSeen]))},
		{"took", Duration(r.Duration)},
	}
	for _, part := range verdictParts {
		var list experimentList
		for _, e := range r.Experiments {
			if e.Verdict == part.verdict {
				list = append(list, e)
			}
		}
		if len(list) > 0 {
			d.add(heading(part.title), list.table())
		}
	}
	if len(r.WriteTimes) > 0 {
		t := tableBlock{header: []string{"created", "seconds each"}, numbers: []int{1}}
		for _, kind := range slices.Sorted(maps.Keys(r.WriteTimes)) {
			t.rows = append(t.rows, []string{kind, fmt.Sprintf("%.3f", r.WriteTimes[kind])})
		}
		d.add(heading("How long writes take"), t)
	}
	d.add(heading("What it took"), paragraph(fmt.Sprintf("%s in %s. %s", count(r.Requests, "request", "requests"), Duration(r.Duration), rehearsalService(r))))
	if !r.Removed && r.ServiceSID != "" {
		d.add(paragraph("To remove it:"), commands{"chatbridge rehearse --clean"})
	}
	if settle := r.Settle(); settle > migrate.DefaultSettle {
		d.add(paragraph(fmt.Sprintf("migrate waits %s for a write without an answer, if it reads this rehearsal.", Duration(settle.Seconds()))))
	}
	return d
}

func rehearsalService(r migrate.Rehearsal) string {
	switch {
	case r.Removed:
		return "The service " + r.ServiceSID + " that it made was deleted, and is gone."
	case r.ServiceSID != "":
		return "The service " + r.ServiceSID + " that it made was not removed."
	}
	return "It made no service."
}

func rehearsalVerdict(r migrate.Rehearsal) string {
	var stops []string
	for _, e := range r.Experiments {
		if e.Stops != "" {
			stops = append(stops, e.Name)
		}
	}
	if len(stops) > 0 {
		return fmt.Sprintf("do not migrate into this account: %s against it (%s).", count(int64(len(stops)), "experiment speaks", "experiments speak"), strings.Join(stops, ", "))
	}
	return verdictText(r.Verdicts)
}

// experimentList is experiments with one verdict.
type experimentList []migrate.Experiment

func (l experimentList) table() block {
	probes := make(probeList, len(l))
	for i, e := range l {
		probes[i].ID, probes[i].Assumed, probes[i].Seen, probes[i].Advice, probes[i].Requests = e.Name, e.Assumed, e.Seen, e.Follows, e.Requests
	}
	return probes
}

// RehearseClean renders what rehearse --clean did, as text or JSON.
func RehearseClean(w io.Writer, f Format, c rehearse.Cleaned, options ...Option) error {
	switch f {
	case JSON:
		c.Removed, c.Others = filled(c.Removed), filled(c.Others)
		return encodeFrom(w, c, provenanceOf(options))
	case Text, Markdown, HTML:
		return cleanedDocument(c).with(options).render(w, f)
	}
	return unknown(f)
}

func cleanedDocument(c rehearse.Cleaned) *document {
	d := &document{title: "What a rehearsal left", tone: good}
	switch {
	case len(c.Removed) > 0:
		d.verdict = fmt.Sprintf("service %s was deleted, and is gone.", strings.Join(c.Removed, ", "))
	case c.Recorded:
		d.verdict = "the recorded service is not there; nothing was deleted."
	default:
		d.verdict = "no rehearsal is recorded here; nothing was deleted."
	}
	if len(c.Others) > 0 {
		d.add(heading("Not recorded here"), paragraph("These services are named as rehearsals name theirs. Their record is elsewhere: run chatbridge rehearse --clean where they were made, or delete them in the Twilio Console."), commands(c.Others))
	}
	return d
}
