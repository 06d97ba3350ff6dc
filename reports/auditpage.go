package reports

import (
	"fmt"
	"strings"

	"chatbridge/migrate"
	"chatbridge/migrate/audit"
)

// auditPage is an audit with what only a page shows. Its banner has the good news
// first: whoever decides reads that line alone.
func auditPage(a audit.Audit, options []Option) *document {
	d := auditDocument(a, options)
	d.with(options)
	stops, _ := gravest(a.Findings)
	d.verdict, d.second, d.tone = auditBanner(a, stops), auditSecond(a, stops), good
	if stops > 0 && copies(a.Plan) || a.Sampled > 0 {
		d.tone = warn
	}
	d.figures = []figure{
		{"messages", Number(a.Counts.Messages)},
		{"channels", Number(a.Counts.Channels)},
		{"users", Number(a.Counts.Users)},
	}
	if copies(a.Plan) {
		d.figures = append(d.figures,
			figure{"writes", Number(a.Requests.Writes)},
			figure{"takes about", Duration(a.Estimate.Seconds)},
			figure{"to decide first", Number(stops)},
			figure{"changes noticed", Number(int64(len(ranked(a.Findings).of(people))))})
	} else {
		there, private := way(a, audit.Visible), way(a, audit.Promote)
		d.figures = append(d.figures,
			figure{"there already", Number(there.Channels)},
			figure{"to make private", Number(private.Channels)},
			figure{"takes about", Duration(private.Seconds)})
	}
	if c := d.audited; c != nil && c.n > 0 {
		d.add(heading("Every channel"), c.catalog(a))
	}
	return d
}

func way(a audit.Audit, r audit.Route) audit.PlanRoute {
	for _, p := range a.Plan {
		if p.Route == r {
			return p
		}
	}
	return audit.PlanRoute{}
}

func auditBanner(a audit.Audit, stops int64) string {
	there, private := way(a, audit.Visible), way(a, audit.Promote)
	text := ""
	switch {
	case a.Counts.Channels == 0 && len(a.Plan) == 0:
		text = "there are no channels to migrate."
	case !copies(a.Plan) && private.Channels == 0:
		text = "nothing has to be copied, and nothing has to be done: Conversations shows every channel already."
	case !copies(a.Plan) && there.Channels == 0:
		text = fmt.Sprintf("nothing has to be copied: %s to be made private, and Conversations shows them.", count(private.Channels, "channel has", "channels have"))
	case !copies(a.Plan):
		text = fmt.Sprintf("nothing has to be copied: %s there already, and %s to be made private.",
			count(there.Channels, "channel is", "channels are"), count(private.Channels, "channel has", "channels have"))
	case stops > 0:
		text = fmt.Sprintf("can be migrated once %s decided; takes about %s.", count(stops, "thing is", "things are"), Duration(a.Estimate.Seconds))
	default:
		text = fmt.Sprintf("can be migrated; takes about %s.", Duration(a.Estimate.Seconds))
	}
	if a.Sampled > 0 {
		text = fmt.Sprintf("of a SAMPLE of %s a service: %s", count(int64(a.Sampled), "channel", "channels"), text)
	}
	return text
}

// inPlacePrice is what making a channel private costs.
const inPlacePrice = "A channel made private stays private: people have to be added, they can no longer join by themselves."

// auditSecond is what is said below the verdict: what would be lost.
func auditSecond(a audit.Audit, stops int64) string {
	if copies(a.Plan) {
		return noticedText(a.Findings)
	}
	var all []string
	if way(a, audit.Promote).Channels > 0 {
		all = append(all, inPlacePrice)
	}
	if parts := noticedBy(a.Findings); parts != "" {
		all = append(all, "A copy into another service, with --replay, would change more, by kind: "+parts+".")
	}
	if stops > 0 {
		all = append(all, fmt.Sprintf("Before a copy, %s to be decided.", count(stops, "thing has", "things have")))
	}
	return strings.Join(all, " ")
}

// noticedText sums findings up by who notices them.
func noticedText(found []migrate.FindingCount) string {
	parts := noticedBy(found)
	if parts == "" {
		return "Everything arrives as it was."
	}
	return "What changes, by kind: " + parts + "."
}

func noticedBy(found []migrate.FindingCount) string {
	r := ranked(found)
	var parts []string
	for _, one := range []struct {
		n    int
		text string
	}{
		{len(r.of(people)), "people in the chats notice"},
		{len(r.of(operators)), "operators have to look at"},
		{len(r.of(nobody)), "nobody notices"},
	} {
		if one.n > 0 {
			parts = append(parts, fmt.Sprintf("%s %s", one.text, Number(int64(one.n))))
		}
	}
	return strings.Join(parts, ", ")
}
