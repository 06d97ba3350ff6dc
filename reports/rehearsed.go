package reports

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"chatbridge/migrate"
)

// rehearsedOf is what the command took from a rehearsal; nil if it reads none.
func rehearsedOf(options []Option) *migrate.Rehearsed {
	if p := provenanceOf(options); p != nil {
		return p.Rehearsal
	}
	return nil
}

// rehearsed says what an audit took from a rehearsal, and what that stops. A text of
// one screen does not say that there is none.
func (d *document) rehearsed(options []Option, brief bool) {
	r := rehearsedOf(options)
	if r == nil || brief && !r.Used && r.File == "" {
		return
	}
	d.add(heading("What a rehearsal in the account showed"))
	if !r.Used {
		d.add(paragraph("No rehearsal is used: " + r.Reason + ". To try in this account what no document promises: chatbridge rehearse"))
		return
	}
	d.add(paragraph("By " + rehearsalText(*r) + "."))
	for _, w := range r.Warnings {
		d.add(paragraph(w))
	}
	if len(r.Stops) == 0 {
		return
	}
	t := tableBlock{header: []string{"experiment", "seen", "why it stops a run", "what follows"}}
	for _, s := range r.Stops {
		t.rows = append(t.rows, []string{s.Name, s.Seen, s.Reason, s.Follows})
	}
	d.add(paragraph("chatbridge migrate would not begin in this account:"), t,
		paragraph("When that is settled, ask the account again:"), commands{"chatbridge rehearse"})
}

// rehearsalText is a rehearsal in a line.
func rehearsalText(r migrate.Rehearsed) string {
	if !r.Used {
		return "none: " + r.Reason
	}
	text := fmt.Sprintf("%s of %s, %s", r.File, r.Began.UTC().Format(time.DateOnly), count(int64(r.Experiments), "experiment", "experiments"))
	if r.NotSeen > 0 {
		text += fmt.Sprintf(" (%s without a result)", Number(int64(r.NotSeen)))
	}
	if r.Settle > 0 {
		text += "; settle time at least " + seconds(r.Settle)
	}
	if r.Write > 0 {
		text += "; a write takes " + seconds(r.Write)
	}
	if n := len(r.Stops); n > 0 {
		text += "; " + count(int64(n), "experiment stops", "experiments stop") + " a run"
	}
	return text
}

// seconds is a measured time to the millisecond, which Duration would round.
func seconds(s float64) string {
	if s < 0.001 {
		return "less than 0.001 s"
	}
	return strconv.FormatFloat(math.Round(s*1000)/1000, 'f', -1, 64) + " s"
}

// rehearsalRows are a rehearsal as measures.
func rehearsalRows(options []Option) [][]string {
	r := rehearsedOf(options)
	if r == nil {
		return nil
	}
	rows := [][]string{{"rehearsal", r.File, "used", strconv.FormatBool(r.Used)}}
	if !r.Used {
		return append(rows, []string{"rehearsal", r.File, "reason", r.Reason})
	}
	rows = append(rows,
		[]string{"rehearsal", r.File, "settle_seconds", fraction(r.Settle)},
		[]string{"rehearsal", r.File, "write_seconds", fraction(r.Write)})
	for _, s := range r.Stops {
		rows = append(rows, []string{"rehearsal", s.Name, "stops", s.Reason})
	}
	return rows
}
