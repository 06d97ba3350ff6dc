package reports

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/audit"
)

// AuditChannels are the channels of an audit as a page shows them: it names 20,000,
// and of more those with the gravest findings, then the largest. It holds no more
// than twice as many, however many are added. The zero value has none, and no policy.
type AuditChannels struct {
	n       int64
	rows    []audit.ChannelRow
	decided gravities // by the policy, before it is known what was found
}

// NewAuditChannels takes channels that were audited under a policy, which decides
// what is grave.
func NewAuditChannels(p mapping.Policy) *AuditChannels {
	c := &AuditChannels{decided: gravities{}}
	for _, r := range mapping.Codes() {
		if option, ok := p.Decides(r.Code); ok {
			c.decided[string(r.Code)] = gravityOf(r.Code, option.Severity)
		}
	}
	return c
}

// Add takes one channel.
func (c *AuditChannels) Add(r audit.ChannelRow) {
	c.n++
	c.rows = append(c.rows, r)
	if len(c.rows) >= 2*catalogShown {
		c.trim(c.decided)
	}
}

// WithAuditChannels has the page of an audit list its channels.
func WithAuditChannels(c *AuditChannels) Option {
	return func(d *document) { d.audited = c }
}

// gravity is how much somebody should look at a channel, from least to most.
type gravity int

const (
	untouched gravity = iota
	detail            // something changes that people in the chat do not see
	noticed
	stopped
)

var fates = map[gravity]string{
	untouched: "as it was",
	detail:    "details change",
	noticed:   "people notice",
	stopped:   "stops until decided",
}

// gravities are those of the codes that an audit found. A code that it does not
// have is as grave as it is by default.
type gravities map[string]gravity

var byDefault = func() gravities {
	all := gravities{}
	for _, r := range mapping.Codes() {
		all[string(r.Code)] = gravityOf(r.Code, r.Severity)
	}
	return all
}()

func gravitiesOf(found []migrate.FindingCount) gravities {
	all := gravities{}
	for _, f := range found {
		code := string(f.Code)
		all[code] = max(all[code], gravityOf(f.Code, f.Severity))
	}
	return all
}

func gravityOf(code mapping.Code, s mapping.Severity) gravity {
	switch {
	case s == mapping.Stop:
		return stopped
	case audiences[code] == people && s != mapping.Info:
		return noticed
	}
	return detail
}

func (g gravities) of(r audit.ChannelRow) gravity {
	most := untouched
	for _, code := range r.Findings {
		one, ok := g[code]
		if !ok {
			one = byDefault[code]
		}
		most = max(most, one)
	}
	return most
}

// trim keeps the worst. Where nothing is copied, findings are of what nobody does:
// there, channels that have to be made private come first.
func (c *AuditChannels) trim(g gravities) {
	weight := func(r audit.ChannelRow) int {
		switch r.Route {
		case audit.Promote:
			return 1
		case audit.Visible:
			return 0
		}
		return int(g.of(r))
	}
	slices.SortFunc(c.rows, func(a, b audit.ChannelRow) int {
		return cmp.Or(
			cmp.Compare(weight(b), weight(a)),
			cmp.Compare(b.Messages, a.Messages),
			cmp.Compare(a.SID, b.SID),
		)
	})
	c.rows = slices.Clip(c.rows[:min(len(c.rows), catalogShown)])
}

func (c *AuditChannels) catalog(a audit.Audit) catalog {
	g := gravitiesOf(a.Findings)
	c.trim(g)
	findings, order := "findings", "the gravest findings first, then the largest channels"
	if !copies(a.Plan) {
		findings, order = "a copy would find", "channels to make private first, then the largest"
	}
	k := catalog{
		ID: "channels", Label: "What becomes of it", Choice: 1,
		Caption: count(c.n, "channel", "channels") + ", " + order,
		Header: []column{
			{"name", "text"}, {"what becomes of it", "state"}, {"messages", numeric}, {"members", numeric}, {"writes of a copy", numeric},
			{findings, "codes"}, {"type", "short"}, {"source", "sid"},
		},
	}
	if c.n > int64(len(c.rows)) {
		k.Caption = fmt.Sprintf("%s of %s, %s. chatbridge audit --channels-out channels.csv lists them all",
			Number(int64(len(c.rows))), count(c.n, "channel", "channels"), order)
	}
	for _, r := range c.rows {
		k.Rows = append(k.Rows, auditCells(r, g.of(r)))
	}
	return k
}

// uniqueName is that of a channel, unless it is what people see anyway.
func uniqueName(r audit.ChannelRow) string {
	if r.UniqueName == r.FriendlyName {
		return ""
	}
	return r.UniqueName
}

func auditCells(r audit.ChannelRow, g gravity) catalogRow {
	fate := tableCell{Text: fates[g]}
	if g == stopped {
		fate.Class = string(bad)
	}
	if r.Route != audit.Replay {
		fate = tableCell{Text: ways[r.Route]}
	}
	return catalogRow{
		{Text: cmp.Or(r.FriendlyName, "(no name)"), Note: uniqueName(r), Head: true},
		fate,
		{Text: Number(r.Messages)},
		{Text: Number(r.Members)},
		{Text: Number(r.Writes)},
		{Text: strings.Join(r.Findings, ", ")},
		{Text: r.Type},
		{Text: r.SID},
	}
}
