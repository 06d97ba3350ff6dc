package reports

import (
	"cmp"
	"fmt"
	"io"
	"time"

	"chatbridge/migrate"
	"chatbridge/migrate/pace"
	"chatbridge/migrate/replay"
)

// Migration is a migration as its ledger tells it.
type Migration struct {
	Summary   replay.Summary // of the last run
	Ledger    string         // the name of its file
	StartedAt time.Time      // of the last run; zero where it is not known
	Channels  Channels
}

// WriteMigration renders a migration in any of the formats. All but the page are
// what Summary renders.
func WriteMigration(w io.Writer, f Format, m *Migration, options ...Option) error {
	if f == HTML {
		return m.page().with(options).render(w, f)
	}
	return Summary(w, f, m.Summary, nil, options...)
}

func (m *Migration) page() *document {
	s := m.Summary
	d := &document{title: "Migration from Chat v1 to Conversations", verdict: summaryVerdict(s), tone: toneOf(s.Status)}
	d.figures = summaryFigures(s)
	if s.Status != migrate.RunningStatus {
		d.second = noticedText(s.Findings)
	}
	d.add(heading("Source against target"))
	d.add(m.origin()...)
	d.add(serviceTable(s.Services), comparisonTable(s))
	d.failures(s.Failures, failuresShown)
	d.add(heading("How the run went"), paragraph(trafficText(s)))
	d.add(timelineBlocks(s.Timeline)...)
	if m.Channels.n > 0 {
		d.add(heading("How large the channels are"), m.Channels.sizeTable())
	}
	if len(s.LaneTimes.Stages) > 0 {
		d.add(heading("Where the time went"), stageTable(s.LaneTimes), laneTable(s.LaneTimes))
	}
	m.losses(d)
	d.add(heading("What to do by hand"))
	if work := append(decisions(s.Findings), handwork(s.Findings)...); len(work) > 0 {
		d.add(work)
	} else {
		d.add(paragraph("Nothing, as far as this run knows."))
	}
	d.add(heading("What to do next"))
	d.add(summaryNext(s)...)
	if m.Channels.n > 0 {
		d.add(heading("Every channel"), m.Channels.catalog())
	}
	return d
}

func (m *Migration) origin() []block {
	if m.StartedAt.IsZero() {
		return nil
	}
	text := fmt.Sprintf("The run began %s and took %s.", m.StartedAt.UTC().Format(dateForm), Duration(m.Summary.Duration))
	if m.Summary.Status == migrate.RunningStatus {
		text = fmt.Sprintf("The run began %s and was last seen %s later.", m.StartedAt.UTC().Format(dateForm), Duration(m.Summary.Duration))
	}
	if m.Ledger != "" {
		text += " What arrived is in the ledger " + m.Ledger + "."
	}
	return []block{paragraph(text)}
}

func (m *Migration) losses(d *document) {
	if m.Summary.Status == migrate.RunningStatus {
		d.add(heading("What changed or was lost"), paragraph("This is recorded when a run ends."))
		return
	}
	d.findings(m.Summary.Findings, "What changed or was lost")
	d.originals(m.Summary)
}

func toneOf(status string) tone {
	switch status {
	case migrate.Complete:
		return good
	case migrate.FailedStatus:
		return bad
	}
	return warn
}

func summaryFigures(s replay.Summary) []figure {
	messages := s.Counts[migrate.KindMessages]
	channels := s.Counts[migrate.KindChannels]
	all := []figure{
		{"messages in the target", Part{messages.Written + messages.Existing, messages.Source}.String()},
		{"channels", Part{channels.Written + channels.Existing, channels.Source}.String()},
		{"written by this run", Number(written(s))},
		{"took", Duration(s.Duration)},
	}
	if s.Duration >= 1 && written(s) > 0 {
		all = append(all, figure{"written per second", level(rounded(float64(written(s)) / s.Duration))})
	}
	_, losses := gravest(s.Findings)
	return append(all,
		figure{"not carried whole", Number(int64(len(s.Failures)))},
		figure{"kinds of detail lost", Number(losses)})
}

func comparisonTable(s replay.Summary) tableBlock {
	t := tableBlock{
		caption: "What the source has, and how much of it is in the target; the bar is that share",
		header:  []string{"kind", "source", "target", "of them new", "left out", "failed"},
		numbers: []int{1, 2, 3, 4, 5},
	}
	if s.Status != migrate.Complete && s.Status != migrate.Partial {
		t.header[4] = "left out, or to come"
	}
	for _, kind := range kindsOf(s.Counts) {
		c := s.Counts[kind]
		there := c.Written + c.Existing
		t.rows = append(t.rows, []string{
			kind, Number(c.Source), Number(there), Number(c.Written), Number(max(0, c.Source-there-c.Failed)), Number(c.Failed),
		})
		t.bars = append(t.bars, carriedBar(c))
	}
	return t
}

func stageTable(l pace.LaneTimes) tableBlock {
	t := tableBlock{
		caption: "Time of all channels added up, including those that ran at the same time",
		header:  []string{"work", "time"},
		numbers: []int{1},
	}
	var parts []float64
	for _, s := range l.Stages {
		t.rows = append(t.rows, []string{cmp.Or(stages[s.Stage].work, s.Stage), Duration(s.Seconds)})
		parts = append(parts, s.Seconds)
	}
	t.bars = shareBars(parts)
	return t
}

func laneTable(l pace.LaneTimes) tableBlock {
	t := tableBlock{
		caption: "The channels that took longest: a run cannot be shorter than the first",
		header:  []string{"channel", "source", "messages", "time"},
		numbers: []int{2, 3},
	}
	var parts []float64
	for _, one := range l.Longest {
		t.rows = append(t.rows, []string{cmp.Or(one.FriendlyName, "(no name)"), one.SourceSID, Number(one.Messages), Duration(one.Seconds)})
		parts = append(parts, one.Seconds)
	}
	t.bars = shareBars(parts)
	return t
}
