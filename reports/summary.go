package reports

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/replay"
	"chatbridge/migrate/verify"
)

// Summary renders what a migration did in any of the formats. deep is what a
// comparison of both sides did afterwards, which JSON has a field for; nil if
// there was none.
func Summary(w io.Writer, f Format, s replay.Summary, deep *verify.Repairs, options ...Option) error {
	switch f {
	case JSON:
		s.Services, s.Findings, s.Failures = filled(s.Services), filledFindings(s.Findings), filled(s.Failures)
		s.ThisRun = filledFindings(s.ThisRun)
		s.Timeline = filled(s.Timeline)
		s.LaneTimes.Stages, s.LaneTimes.Longest = filled(s.LaneTimes.Stages), filled(s.LaneTimes.Longest)
		return encodeFrom(w, struct {
			replay.Summary
			Deep *verify.Repairs `json:"deep,omitempty"`
		}{s, deep}, provenanceOf(options))
	case CSV:
		return encodeCSV(w, summaryRows(s))
	case HTML:
		return WriteMigration(w, f, &Migration{Summary: s}, options...)
	}
	if isBrief(f, options) {
		return briefSummary(s, options).with(options).render(w, f)
	}
	return summaryDocument(s).with(options).render(w, f)
}

func summaryDocument(s replay.Summary) *document {
	d := &document{title: "Migration", verdict: summaryVerdict(s)}
	d.add(heading("Services"), serviceTable(s.Services))
	counts := tableBlock{header: []string{"kind", "in the source", "written", "there before", "left out", "failed"}, numbers: []int{1, 2, 3, 4, 5}}
	for _, kind := range kindsOf(s.Counts) {
		c := s.Counts[kind]
		counts.rows = append(counts.rows, []string{kind, Number(c.Source), Number(c.Written), Number(c.Existing), Number(c.LeftOut), Number(c.Failed)})
	}
	d.add(heading("What was done"), counts, paragraph(trafficText(s)))
	d.originals(s)
	d.failures(s.Failures, failuresShown)
	if s.Status != migrate.RunningStatus {
		d.findings(s.Findings, "What changed or was lost, in all runs")
	}
	d.add(heading("What to do next"))
	d.add(summaryNext(s)...)
	return d
}

// originals says where that is which policies took away.
func (d *document) originals(s replay.Summary) {
	switch o := s.Originals; {
	case o == nil:
	case o.InLedger:
		d.add(paragraph(fmt.Sprintf("The originals of what policies dropped or shortened are kept in the ledger: %s of this run (%s). To print those of all runs:",
			count(o.Lines, "original", "originals"), count(o.Bytes, "byte", "bytes"))), commands{"chatbridge ledger originals"})
	default:
		d.add(paragraph(fmt.Sprintf("The originals of what policies dropped or shortened are kept: %s in %s (%s).",
			count(o.Lines, "line", "lines"), o.Path, count(o.Bytes, "byte", "bytes"))))
	}
}

func summaryVerdict(s replay.Summary) string {
	took := "in " + Duration(s.Duration)
	switch s.Status {
	case migrate.Complete:
		if written(s) == 0 && len(aboutTarget(s.Findings)) > 0 {
			return "complete " + took + "; everything was there already, some of it with differences."
		}
		if written(s) == 0 {
			return "complete " + took + "; everything was there already."
		}
		return "complete " + took + "."
	case migrate.Partial:
		return fmt.Sprintf("finished %s, but %s not carried whole.", took, count(int64(len(s.Failures)), "resource was", "resources were"))
	case migrate.InterruptedStatus:
		return "interrupted after " + Duration(s.Duration) + "; running it again resumes."
	case migrate.RunningStatus:
		return "no end recorded after " + Duration(s.Duration) + ": it still runs, or it was killed and running it again resumes."
	case migrate.FailedStatus:
		return "failed after " + Duration(s.Duration) + "; the ledger has what arrived, and running it again resumes."
	}
	return s.Status
}

// aboutTarget are the findings about what the target has otherwise. A run that
// wrote nothing says these all the same: they are about now.
func aboutTarget(all []migrate.FindingCount) []migrate.FindingCount {
	codes := []mapping.Code{mapping.RoleWasThere, mapping.RoleShared, mapping.RoleLate, mapping.ServiceLate, mapping.UserWasThere, mapping.UserShared, mapping.MemberWasThere, mapping.HorizonKept}
	return slices.DeleteFunc(slices.Clone(all), func(f migrate.FindingCount) bool { return !slices.Contains(codes, f.Code) })
}

// written is how many resources of all kinds a run wrote. A run that wrote none
// repeats nothing about what an earlier one could not carry.
func written(s replay.Summary) int64 {
	var n int64
	for _, c := range s.Counts {
		n += c.Written
	}
	return n
}

func trafficText(s replay.Summary) string {
	r := s.Requests
	return fmt.Sprintf("Requests: %s and %s. Throttled: %s. Repeated: %s.",
		count(r.Reads, "read", "reads"), count(r.Writes, "write", "writes"), Number(r.Throttled), Number(r.Retried))
}

func summaryNext(s replay.Summary) []block {
	switch s.Status {
	case migrate.Complete:
		return []block{paragraph("Compare both sides, item by item:"), commands{"chatbridge verify"}}
	case migrate.Partial:
		next := []block{paragraph("See what stopped, then try again; nothing is written twice:"), commands{"chatbridge status --all", "chatbridge migrate"}}
		if lines := undecided(s.Findings); len(lines) > 0 {
			next = append(next, paragraph("What stopped because it needs a decision goes on with one of:"), lines,
				commands{"chatbridge migrate --accept-settings --policy …"})
		}
		return next
	case migrate.RunningStatus:
		return []block{paragraph("See whether it still runs. If it was killed, go on with the same settings:"), commands{"chatbridge status", "chatbridge migrate"}}
	}
	return []block{paragraph("Go on where it stopped, with the same settings:"), commands{"chatbridge migrate"}}
}

func serviceTable(services []migrate.SummaryService) tableBlock {
	t := tableBlock{header: []string{"source", "target", "name"}}
	for _, one := range services {
		t.rows = append(t.rows, []string{one.SourceSID, cmp.Or(one.TargetSID, "none yet"), one.FriendlyName})
	}
	return t
}

// failuresShown bounds the table of a text; the ledger has them all.
const failuresShown = 20

func (d *document) failures(all []migrate.FailureLine, most int) {
	if len(all) == 0 {
		return
	}
	t := tableBlock{header: []string{"kind", "source", "name", "reason"}}
	for _, f := range all[:min(most, len(all))] {
		t.rows = append(t.rows, []string{f.Kind, f.SourceSID, shortName(f.Name), f.Reason})
	}
	d.add(heading("What was not carried, and why"), t)
	if len(all) > most {
		d.add(paragraph(fmt.Sprintf("And %s more. To list them all:", Number(int64(len(all)-most)))), commands{"chatbridge status --all"})
	}
}

// kindsOf are the kinds that were counted, in the order in which they are
// carried, and after them any other.
func kindsOf[V any](counts map[string]V) []string {
	var kinds []string
	for _, k := range kindCounts(migrate.Counts{}) {
		if _, ok := counts[k.kind]; ok {
			kinds = append(kinds, k.kind)
		}
	}
	for _, k := range slices.Sorted(maps.Keys(counts)) {
		if !slices.Contains(kinds, k) {
			kinds = append(kinds, k)
		}
	}
	return kinds
}

func summaryRows(s replay.Summary) [][]string {
	rows := [][]string{
		{"section", "name", "measure", "value"},
		{"run", "status", "value", s.Status},
		{"run", "duration_seconds", "value", fraction(s.Duration)},
	}
	for _, one := range s.Services {
		rows = append(rows,
			[]string{"service", one.SourceSID, "target_sid", one.TargetSID},
			[]string{"service", one.SourceSID, "friendly_name", one.FriendlyName})
	}
	for _, kind := range kindsOf(s.Counts) {
		c := s.Counts[kind]
		rows = append(rows,
			[]string{"counts", kind, "source", whole(c.Source)},
			[]string{"counts", kind, "written", whole(c.Written)},
			[]string{"counts", kind, "existing", whole(c.Existing)},
			[]string{"counts", kind, "left_out", whole(c.LeftOut)},
			[]string{"counts", kind, "failed", whole(c.Failed)})
	}
	rows = append(rows,
		[]string{"requests", "reads", "count", whole(s.Requests.Reads)},
		[]string{"requests", "writes", "count", whole(s.Requests.Writes)},
		[]string{"requests", "throttled", "count", whole(s.Requests.Throttled)},
		[]string{"requests", "retried", "count", whole(s.Requests.Retried)})
	rows = append(rows, findingRows(s.Findings)...)
	for _, f := range s.Failures {
		rows = append(rows,
			[]string{"failure", f.SourceSID, "kind", f.Kind},
			[]string{"failure", f.SourceSID, "target_sid", f.TargetSID},
			[]string{"failure", f.SourceSID, "reason", f.Reason},
			[]string{"failure", f.SourceSID, "hint", f.Hint})
	}
	return rows
}

// nameShown is how many characters of a name a table shows beside a SID.
const nameShown = 24

func shortName(name string) string {
	runes := []rune(Plain(name))
	if len(runes) <= nameShown {
		return string(runes)
	}
	return string(runes[:nameShown-1]) + "…"
}
