package reports

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"chatbridge/migrate/audit"
)

// ways are what a way is called where people read.
var ways = map[audit.Route]string{
	audit.Visible: "there already",
	audit.Promote: "make private",
	audit.Replay:  "copy",
}

// planned shows which way applies to how many channels, and why.
func (d *document) planned(a audit.Audit) {
	if len(a.Plan) == 0 {
		return
	}
	t := tableBlock{header: []string{"way", "channels", "messages", "requests", "about"}, numbers: []int{1, 2, 3, 4}}
	for _, p := range a.Plan {
		t.rows = append(t.rows, []string{ways[p.Route], Number(p.Channels), Number(p.Messages), Number(p.Writes), Duration(p.Seconds)})
	}
	d.add(heading("Does this need copying at all?"), t)
	for _, p := range a.Plan {
		d.add(paragraph(sentence(ways[p.Route] + ": " + p.Reason)))
	}
}

// promotes reports whether a plan has channels that have to be made private.
func promotes(plan []audit.PlanRoute) bool {
	return slices.ContainsFunc(plan, func(p audit.PlanRoute) bool { return p.Route == audit.Promote })
}

// copies reports whether a plan has channels that have to be copied: one that
// lists a copy beside another way lists it as what could be done instead.
func copies(plan []audit.PlanRoute) bool {
	for _, p := range plan {
		if p.Route != audit.Replay {
			return false
		}
	}
	return true
}

// arithmetic shows how the bounds of an estimate come about.
func arithmetic(e audit.Estimate) tableBlock {
	t := tableBlock{
		header:  []string{"limit", "calculation", "minimum"},
		numbers: []int{2},
	}
	aps := strconv.FormatFloat(e.APS, 'f', -1, 64) + " a second"
	longest, all := over(e, e.LongestLaneWrites, aps), over(e, e.LaneWrites, fmt.Sprintf("(%s x %s)", count(int64(e.Lanes), "channel", "channels"), aps))
	if takes := cmp.Or(e.WriteSeconds, e.LatencySeconds); takes > 0 && takes*e.APS >= 1 || takes > 0 && e.APS <= 0 {
		longest = count(e.LongestLaneWrites, "write", "writes") + " x " + seconds(takes)
		all = fmt.Sprintf("%s x %s / %s", count(e.LaneWrites, "write", "writes"), seconds(takes), count(int64(e.Lanes), "channel", "channels"))
	}
	if e.LatencySeconds > 0 {
		longest, all = longest+", and reads", all+", and reads"
	}
	bars := []float64{e.Gate, e.LongestLane, e.Concurrency}
	t.rows = [][]string{
		{"service (roles, users, conversations)", over(e, e.GateWrites, aps), Duration(e.Gate)},
		{"longest channel", longest, Duration(e.LongestLane)},
		{"concurrency (all channels)", all, Duration(e.Concurrency)},
	}
	if e.InFlight > 0 && e.LatencySeconds > 0 {
		t.rows = append(t.rows, []string{
			"requests in flight", fmt.Sprintf("%s x %s / %s", count(e.Requests, "request", "requests"), seconds(e.LatencySeconds), Number(int64(e.InFlight))), Duration(e.InFlightSeconds),
		})
		bars = append(bars, e.InFlightSeconds)
	}
	if e.Before+e.After > 0 {
		t.rows = append(t.rows, []string{"before the first channel and after the last", "requests that follow each other", Duration(e.Before + e.After)})
		bars = append(bars, e.Before+e.After)
	}
	t.bars = shareBars(bars)
	return t
}

func over(e audit.Estimate, writes int64, pace string) string {
	n := count(writes, "write", "writes")
	if e.APS <= 0 {
		return n + ", no limit"
	}
	return n + " / " + pace
}

// sampled says loudly that an audit did not read all.
func (d *document) sampled(a audit.Audit) {
	if a.Sampled == 0 {
		return
	}
	d.add(heading("ONLY A SAMPLE WAS READ"), paragraph(fmt.Sprintf(
		"At most %s of each service. Every count, request, time and finding below is for these only, and says nothing about the others.",
		count(int64(a.Sampled), "channel", "channels"))))
}

// checklists are what a person has to do before and after a copy.
func (d *document) checklists(a audit.Audit) {
	if first := work(a.Findings, true); len(first) > 0 {
		d.add(heading("By hand, before a copy"), first)
	}
	if last := afterwards(a); len(last) > 0 {
		d.add(heading("By hand, after a copy"), last)
	}
}

// afterwards is what can only be done when a copy is there.
func afterwards(a audit.Audit) steps {
	all := work(a.Findings, false)
	if a.Counts.Credentials > 0 {
		all = append(all, step{
			Title:  "Let devices register for push again.",
			Detail: "The binding of a device to a user belongs to its service, and is not copied.",
		})
	}
	if a.Counts.Channels > 0 {
		all = append(all, step{
			Title:    "Switch clients to the Conversations SDK, and stored SIDs to the new ones.",
			Detail:   "A copy has new SIDs. To list old and new ones:",
			Commands: []string{"chatbridge sids --output csv > sids.csv"},
		})
	}
	return all
}
