package reports

import (
	"fmt"
	"io"
	"strconv"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/audit"
)

// Audit renders an audit in any of the formats.
func Audit(w io.Writer, f Format, a audit.Audit, options ...Option) error {
	switch f {
	case JSON:
		a.Services, a.Plan, a.Findings = filled(a.Services), filled(a.Plan), filledFindings(a.Findings)
		return encodeFrom(w, a, provenanceOf(options))
	case CSV:
		return encodeCSV(w, append(auditRows(a), rehearsalRows(options)...))
	case HTML:
		return auditPage(a, options).render(w, f)
	}
	if isBrief(f, options) {
		return briefAudit(a, options).with(options).render(w, f)
	}
	return auditDocument(a, options).with(options).render(w, f)
}

func auditDocument(a audit.Audit, options []Option) *document {
	d := &document{title: "Audit of the Chat v1 workspace", verdict: auditVerdict(a)}
	services := tableBlock{header: []string{"service", "name"}}
	for _, s := range a.Services {
		services.rows = append(services.rows, []string{s.SourceSID, s.FriendlyName})
	}
	d.flex(a)
	d.sampled(a)
	d.add(heading("What the source holds"), services, countTable(a.Counts))
	d.planned(a)
	d.sight(a.SightLost, sightShown)
	d.add(heading("What a copy would do"),
		paragraph(fmt.Sprintf("It would write %s and read %s. The source is only ever read. Webhooks, push notifications and SMS stay silent.",
			count(a.Requests.Writes, "time", "times"), count(a.Requests.Reads, "time", "times"))))
	d.newServices(a)
	d.add(heading("How long it would take"), paragraph(estimateText(a)), arithmetic(a.Estimate))
	d.add(heading("What a copy would be billed"), paragraph(BillText(a.Bill)))
	d.findings(a.Findings, "What would change or be lost")
	d.there(a.There)
	d.checklists(a)
	d.rehearsed(options, false)
	d.add(heading("What to do next"))
	d.add(auditNext(a)...)
	return d
}

func auditVerdict(a audit.Audit) string {
	there := fmt.Sprintf("%s with %s", count(int64(len(a.Services)), "service", "services"), count(a.Counts.Messages, "message", "messages"))
	if a.Sampled > 0 {
		there = fmt.Sprintf("a SAMPLE of %s a service: %s", count(int64(a.Sampled), "channel", "channels"), there)
	}
	stops, losses := gravest(a.Findings)
	switch {
	case stops > 0:
		return fmt.Sprintf("%s; %s to decide first.", there, count(stops, "thing", "things"))
	case losses > 0:
		return fmt.Sprintf("%s can be migrated; %s would be lost, listed below.", there, count(losses, "kind of detail", "kinds of detail"))
	}
	return there + " can be migrated as they are."
}

// gravest counts what stops a lane, and the codes under which something is lost
// in part or whole.
func gravest(findings []migrate.FindingCount) (stops, losses int64) {
	for _, f := range findings {
		switch f.Severity {
		case mapping.Stop:
			stops += f.Count
		case mapping.Loss, mapping.Skip:
			losses++
		}
	}
	return stops, losses
}

func estimateText(a audit.Audit) string {
	e := a.Estimate
	text := fmt.Sprintf("About %s.", Duration(e.Seconds))
	if e.APS > 0 {
		text += fmt.Sprintf(" Twilio accepts %s writes per second for each conversation and for each service;", strconv.FormatFloat(e.APS, 'f', -1, 64))
	} else {
		text += " Without a limit on writes,"
	}
	switch e.BoundBy {
	case "gate":
		text += " the limit that decides is that of a service: its users, roles and conversations share it."
	case "longest lane":
		text += " the longest channel decides: the messages of one channel have to be written one after the other."
		if e.LongestChannel != "" {
			text += " It is " + e.LongestChannel + "."
		}
	case "concurrency":
		text += " the number of channels worked on at once decides: see --concurrency."
	case "requests in flight":
		text += " the number of requests in flight decides: see --concurrency."
	case "bandwidth":
		text += " the files decide: their bytes pass through this machine."
	default:
		text += " nothing has to wait."
	}
	return text + filesText(e) + latencyText(e)
}

// latencyText says under which condition an estimate holds; nothing of one that was
// made before estimates had any.
func latencyText(e audit.Estimate) string {
	text := ""
	if e.WriteSeconds > 0 {
		text += fmt.Sprintf(" A write takes %s in the account of the target, as its rehearsal measured, and a channel has one write in flight.", seconds(e.WriteSeconds))
	}
	if e.LatencyFrom == "" {
		return text
	}
	request := "request"
	if e.WriteSeconds > 0 {
		request = "read"
	}
	switch e.LatencyFrom {
	case audit.LatencyMeasured:
		text += fmt.Sprintf(" A %s takes %s, which is the median of the reads of this audit", request, seconds(e.LatencySeconds))
	case audit.LatencyGiven:
		text += fmt.Sprintf(" A %s takes %s, as --latency says", request, seconds(e.LatencySeconds))
	case audit.LatencyRehearsed:
		text += fmt.Sprintf(" A %s takes %s, as the writes of the rehearsal did", request, seconds(e.LatencySeconds))
	default:
		text += fmt.Sprintf(" A %s is assumed to take %s, because nothing was read from Twilio (--latency says it better)", request, seconds(e.LatencySeconds))
	}
	if e.InFlight > 0 {
		text += fmt.Sprintf(", with at most %s in flight", count(int64(e.InFlight), "request", "requests"))
	}
	text += "."
	if e.WriteSeconds == 0 {
		text += " Writes may take longer than reads: chatbridge rehearse measures them."
	}
	return text + " Requests that have to be repeated come on top."
}

// filesText says how long the files take, as far as anybody knows.
func filesText(e audit.Estimate) string {
	if e.Files == 0 {
		return ""
	}
	what := fmt.Sprintf(" It copies %s with %s", count(e.Files, "file", "files"), Bytes(e.FileBytes))
	switch {
	case e.Bandwidth == 0:
		return what + ", which is not in that time: give the speed of this machine's line with --bandwidth."
	case e.Measured:
		return what + fmt.Sprintf(": %s at the %s per second that some of them were read with.", Duration(e.FilesSeconds), Bytes(int64(e.Bandwidth)))
	}
	return what + fmt.Sprintf(": %s at %s per second.", Duration(e.FilesSeconds), Bytes(int64(e.Bandwidth)))
}

func countTable(c migrate.Counts) tableBlock {
	t := tableBlock{header: []string{"kind", "count"}, numbers: []int{1}}
	for _, k := range kindCounts(c) {
		t.rows = append(t.rows, []string{k.kind, Number(k.n)})
	}
	if c.Files > 0 {
		t.rows = append(t.rows, []string{migrate.KindFiles, Number(c.Files)}, []string{"size of the files", Bytes(c.FileBytes)})
	}
	return t
}

type kindCount struct {
	kind string
	n    int64
}

func kindCounts(c migrate.Counts) []kindCount {
	all := []kindCount{
		{migrate.KindServices, c.Services},
		{migrate.KindRoles, c.Roles},
		{migrate.KindUsers, c.Users},
		{migrate.KindChannels, c.Channels},
		{migrate.KindMembers, c.Members},
		{migrate.KindMessages, c.Messages},
		{migrate.KindInvites, c.Invites},
		{migrate.KindCredentials, c.Credentials},
	}
	for _, k := range []kindCount{{migrate.KindWebhooks, c.Webhooks}, {migrate.KindBindings, c.Bindings}} {
		if k.n > 0 { // Chat v2 alone shows any
			all = append(all, k)
		}
	}
	return all
}

func auditNext(a audit.Audit) []block {
	if next := flexNext(a); next != nil {
		return next
	}
	stops, _ := gravest(a.Findings)
	if !copies(a.Plan) {
		return stayNext(a, stops > 0)
	}
	if stops == 0 {
		return []block{paragraph("Nothing needs a decision. To begin:"), commands{"chatbridge migrate"}}
	}
	next := undecided(a.Findings)
	return []block{
		paragraph("Choose what to do with each finding that would stop its channel. A channel with an undecided finding is not carried whole; the others are. The choices:"),
		next,
		paragraph("Look again with your choices, then begin with the same ones:"),
		commands{"chatbridge audit --policy …", "chatbridge migrate --policy …"},
	}
}

// stayNext is what to do where channels can stay in their service.
func stayNext(a audit.Audit, decisions bool) []block {
	first := []block{paragraph("Nothing has to be copied. To see what would be made private:"), commands{"chatbridge migrate --in-place --dry-run"}}
	if !promotes(a.Plan) {
		first = []block{paragraph("Nothing has to be done: clients can switch to the Conversations SDK.")}
	}
	if decisions {
		return append(first, paragraph("To copy into another service anyway, some things have to be decided first. The choices:"), commands{"chatbridge audit --replay"})
	}
	return append(first, paragraph("To copy into another service anyway, nothing has to be decided:"), commands{"chatbridge migrate --replay"})
}

// undecided are the choices for everything that stops a channel.
func undecided(findings []migrate.FindingCount) commands {
	var all commands
	for _, f := range findings {
		if f.Severity != mapping.Stop {
			continue
		}
		for _, choice := range choices[f.Code] {
			if choice.Severity != mapping.Stop {
				all = append(all, fmt.Sprintf("--policy %s=%s    # %s", f.Code, choice.Choice, choice.Meaning))
			}
		}
	}
	return all
}

// auditRows are an audit as measures: one value a row.
func auditRows(a audit.Audit) [][]string {
	rows := [][]string{{"section", "name", "measure", "value"}}
	for _, s := range a.Services {
		rows = append(rows, []string{"service", s.SourceSID, "friendly_name", s.FriendlyName})
	}
	for _, k := range kindCounts(a.Counts) {
		rows = append(rows, []string{"counts", k.kind, "count", whole(k.n)})
	}
	rows = append(rows,
		[]string{"requests", "reads", "count", whole(a.Requests.Reads)},
		[]string{"requests", "writes", "count", whole(a.Requests.Writes)},
		[]string{"estimate", "seconds", "value", fraction(a.Estimate.Seconds)},
		[]string{"estimate", "bound_by", "value", a.Estimate.BoundBy},
		[]string{"estimate", "latency_seconds", "value", fraction(a.Estimate.LatencySeconds)},
		[]string{"estimate", "latency_from", "value", a.Estimate.LatencyFrom},
		[]string{"estimate", "in_flight", "value", whole(int64(a.Estimate.InFlight))},
		[]string{"bill", "active_users", "count", whole(a.Bill.ActiveUsers)},
		[]string{"bill", "file_bytes", "count", whole(a.Bill.FileBytes)},
	)
	if a.Counts.Files > 0 {
		rows = append(rows,
			[]string{"counts", migrate.KindFiles, "count", whole(a.Counts.Files)},
			[]string{"counts", migrate.KindFileBytes, "count", whole(a.Counts.FileBytes)},
			[]string{"estimate", "files_seconds", "value", fraction(a.Estimate.FilesSeconds)})
	}
	if a.Sampled > 0 {
		rows = append(rows, []string{"audit", "sampled", "count", whole(int64(a.Sampled))})
	}
	rows = append(rows, newServiceRows(a.NewServices)...)
	for _, p := range a.Plan {
		name := string(p.Route)
		rows = append(rows,
			[]string{"plan", name, "reason", p.Reason},
			[]string{"plan", name, "channels", whole(p.Channels)},
			[]string{"plan", name, "messages", whole(p.Messages)},
			[]string{"plan", name, "writes", whole(p.Writes)},
			[]string{"plan", name, "seconds", fraction(p.Seconds)})
	}
	for _, h := range a.There {
		rows = append(rows, []string{"there", h.SourceSID, string(h.Code), h.TargetSID}, []string{"there", h.SourceSID, "fate", h.Fate})
	}
	return append(rows, findingRows(a.Findings)...)
}

func whole(n int64) string { return strconv.FormatInt(n, 10) }

func fraction(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
