package reports

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"

	"chatbridge/migrate"
	"chatbridge/migrate/doctor"
)

// Doctor renders a diagnosis as text, JSON or Markdown.
func Doctor(w io.Writer, f Format, g doctor.Diagnosis, options ...Option) error {
	switch f {
	case JSON:
		g.Probes = filled(g.Probes)
		return encodeFrom(w, g, provenanceOf(options))
	case Text, Markdown:
	default:
		return unknown(f)
	}
	return doctorDocument(g).with(options).render(w, f)
}

// verdictParts are the verdicts in the order of what a person has to see first.
var verdictParts = []struct {
	verdict migrate.Verdict
	title   string
}{
	{migrate.Dangerous, "Different, and dangerous"},
	{migrate.Harmless, "Different, and harmless"},
	{migrate.AsAssumed, "As assumed"},
	{migrate.NotSeen, "Not tested: no data"},
}

func doctorDocument(g doctor.Diagnosis) *document {
	d := &document{title: "Undocumented behavior of this account", verdict: doctorVerdict(g)}
	for _, part := range verdictParts {
		probes := slices.DeleteFunc(slices.Clone(g.Probes), func(p doctor.Probe) bool { return p.Verdict != part.verdict })
		if len(probes) == 0 {
			continue
		}
		d.add(heading(part.title))
		d.add(probeList(probes))
	}
	d.add(heading("What it took"), paragraph(fmt.Sprintf("%s in %s. Nothing was written.", count(g.Requests, "read", "reads"), Duration(g.Duration))))
	return d
}

func doctorVerdict(g doctor.Diagnosis) string { return verdictText(g.Verdicts) }

// verdictText is what verdicts come to.
func verdictText(verdicts map[migrate.Verdict]int) string {
	if n := int64(verdicts[migrate.Dangerous]); n > 0 {
		return fmt.Sprintf("%s dangerously from what chatbridge assumes.", count(n, "thing differs", "things differ"))
	}
	text := "nothing dangerous was seen"
	if n := int64(verdicts[migrate.Harmless]); n > 0 {
		text += fmt.Sprintf("; %s harmlessly", count(n, "thing differs", "things differ"))
	}
	if n := int64(verdicts[migrate.NotSeen]); n > 0 {
		text += fmt.Sprintf("; %s could not be tested", count(n, "thing", "things"))
	}
	return text + "."
}

// probeList is probes with one verdict.
type probeList []doctor.Probe

// text gives each probe a few lines: what was seen is as long as it is.
func (l probeList) text(w *bufio.Writer) {
	for _, p := range l {
		fmt.Fprintf(w, "  %s\n", Plain(p.ID))
		lines := [][2]string{{"assumed", p.Assumed}, {"seen", p.Seen}}
		if p.Advice != "" {
			lines = append(lines, [2]string{"do", p.Advice})
		}
		for _, one := range lines {
			label := fmt.Sprintf("    %-9s", one[0])
			wrapped := text.WrapSoft(Plain(one[1]), textWidth-len(label))
			fmt.Fprintf(w, "%s%s\n", label, strings.ReplaceAll(trimmed(wrapped), "\n", "\n"+strings.Repeat(" ", len(label))))
		}
	}
}

// trimmed is wrapped text without blanks at the ends of its lines.
func trimmed(s string) string {
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		lines[i] = strings.TrimSpace(l)
	}
	return strings.Join(lines, "\n")
}

func (l probeList) markdown(w *bufio.Writer) { l.table().markdown(w) }

// table has a row for each probe.
func (l probeList) table() tableBlock {
	t := tableBlock{header: []string{"probe", "assumed", "seen", "what to do", "reads"}, numbers: []int{4}}
	for _, p := range l {
		t.rows = append(t.rows, []string{p.ID, p.Assumed, p.Seen, p.Advice, Number(p.Requests)})
	}
	return t
}
