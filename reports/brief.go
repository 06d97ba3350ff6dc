package reports

import (
	"fmt"
	"strings"

	"chatbridge/migrate"
	"chatbridge/migrate/audit"
	"chatbridge/migrate/replay"
	"chatbridge/migrate/verify"
)

// servicesShown bounds the services that a text of one screen names.
const servicesShown = 3

// briefAudit is an audit on one screen.
func briefAudit(a audit.Audit, options []Option) *document {
	d := &document{title: "Audit of the Chat v1 workspace", verdict: auditVerdict(a)}
	d.flex(a)
	d.sampled(a)
	var services []string
	for _, s := range a.Services {
		services = append(services, s.SourceSID+" "+s.FriendlyName)
	}
	d.add(names(services)...)
	d.add(paragraph(amountsText(a.Counts)))
	for _, p := range a.Plan {
		line := ways[p.Route] + " " + count(p.Channels, "channel", "channels")
		if len(a.Plan) > 1 {
			line += ", " + count(p.Messages, "message", "messages")
		}
		about := count(p.Writes, "write", "writes") + ", about " + Duration(p.Seconds)
		if e := a.Estimate; p.Route == audit.Replay && e.LatencyFrom != "" {
			about = fmt.Sprintf("about %s at %s a request", Duration(p.Seconds), seconds(e.LatencySeconds))
		}
		d.add(paragraph(sentence(fmt.Sprintf("%s, %s: %s", line, about, p.Reason))))
	}
	d.sight(a.SightLost, servicesShown)
	if copies(a.Plan) {
		if text := strings.TrimSpace(filesText(a.Estimate)); text != "" {
			d.add(paragraph(text))
		}
		text := BillText(a.Bill)
		if n := a.NewServices.Made; n > 1 { // on the line of the bill, which has room
			text += fmt.Sprintf(" %s new services.", Number(n))
		}
		d.add(paragraph(text))
	}
	d.losses(a.Findings, "What would change or be lost")
	d.there(a.There)
	d.rehearsed(options, true)
	d.add(heading("What to do next"))
	d.add(auditNext(a)...)
	d.add(commands{"chatbridge audit --details    # all of it, with samples and what to do by hand"})
	return d
}

// names are a line for each of the first few.
func names(all []string) []block {
	var lines []block
	for _, one := range all[:min(servicesShown, len(all))] {
		lines = append(lines, paragraph(one))
	}
	if n := len(all) - servicesShown; n > 0 {
		lines = append(lines, paragraph("and "+count(int64(n), "more service", "more services")))
	}
	return lines
}

func (d *document) losses(all []migrate.FindingCount, title string) {
	d.add(heading(title))
	if len(all) == 0 {
		d.add(paragraph("Nothing: everything arrives as it was."))
		return
	}
	d.add(ranked(all))
}

func amountsText(c migrate.Counts) string {
	var parts []string
	for _, k := range kindCounts(c) {
		if k.n > 0 && k.kind != migrate.KindServices && k.kind != migrate.KindCredentials {
			name := k.kind
			if k.n == 1 {
				name = strings.TrimSuffix(name, "s")
			}
			parts = append(parts, Number(k.n)+" "+name)
		}
	}
	if c.Files > 0 {
		parts = append(parts, count(c.Files, "file", "files")+" with "+Bytes(c.FileBytes))
	}
	return strings.Join(parts, ", ") + "."
}

// BillText says what Twilio would count of a copy for its bill.
func BillText(b migrate.Bill) string {
	files := "0 GB"
	if b.FileBytes > 0 {
		files = Bytes(b.FileBytes)
	}
	return fmt.Sprintf("Bill: about %s in each calendar month that the run touches, %s of files (prices of %s: 200 free, then from $0.05).",
		count(b.ActiveUsers, "active user", "active users"), files, b.PricesRead)
}

// briefSummary is what a migration did, on one screen.
func briefSummary(s replay.Summary, options []Option) *document {
	d := &document{title: "Migration", verdict: summaryVerdict(s)}
	var services []string
	for _, one := range s.Services {
		target := one.TargetSID
		if target == "" {
			target = "none yet"
		}
		services = append(services, target+" "+one.FriendlyName)
	}
	d.add(names(services)...)
	switch {
	case s.Status == migrate.Complete && written(s) == 0:
		d.add(paragraph("In the target: " + amountsOf(s.Counts, migrate.KindCount.Target)))
	default:
		d.add(fateTable(s), paragraph(trafficText(s)))
	}
	d.originals(s)
	d.failures(s.Failures, failuresShown)
	if s.Status != migrate.RunningStatus && !omitsLosses(options) {
		d.losses(s.Findings, "What changed or was lost, in all runs")
	}
	if omitsLosses(options) && s.Status == migrate.Complete {
		return d
	}
	d.add(heading("What to do next"))
	d.add(summaryNext(s)...)
	d.add(commands{"chatbridge report --details    # all of it, with samples"})
	return d
}

// amountsOf are those of each kind that there is any of.
func amountsOf(counts map[string]migrate.KindCount, of func(migrate.KindCount) int64) string {
	var parts []string
	for _, kind := range kindsOf(counts) {
		if n := of(counts[kind]); n == 1 {
			parts = append(parts, "1 "+strings.TrimSuffix(kind, "s"))
		} else if n > 0 {
			parts = append(parts, Number(n)+" "+kind)
		}
	}
	if len(parts) == 0 {
		return "nothing."
	}
	return strings.Join(parts, ", ") + "."
}

// briefVerification is what a comparison found on one screen, below the
// differences themselves.
func briefVerification(v verify.Verification) *document {
	whole := verificationDocument(v)
	if !v.Equal {
		return whole
	}
	d := &document{title: whole.title, verdict: whole.verdict}
	var services []string
	for _, one := range v.Services {
		services = append(services, one.TargetSID+" "+one.FriendlyName)
	}
	d.add(names(services)...)
	d.add(paragraph(fmt.Sprintf("On both sides, compared in %s: %s", Duration(v.Duration), amountsOf(v.Counts, migrate.KindCount.Target))))
	if text := comparedFiles(v); text != "" {
		d.add(paragraph(text))
	}
	if left := amountsOf(v.Counts, func(c migrate.KindCount) int64 { return c.LeftOut }); left != "nothing." {
		d.add(paragraph("Left out by policies: " + left))
	}
	return d
}

// fateTable says of each kind that there is any of where it is.
func fateTable(s replay.Summary) tableBlock {
	t := tableBlock{header: []string{"kind", "in the source", "written", "there before", "left out", "failed"}, numbers: []int{1, 2, 3, 4, 5}}
	for _, kind := range kindsOf(s.Counts) {
		if c := s.Counts[kind]; c != (migrate.KindCount{}) {
			t.rows = append(t.rows, []string{kind, Number(c.Source), Number(c.Written), Number(c.Existing), Number(c.LeftOut), Number(c.Failed)})
		}
	}
	return t
}
