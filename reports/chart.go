package reports

import (
	"fmt"
	"math"
	"strings"

	"chatbridge/migrate/pace"
)

// chart is one measure over the time of a run, drawn as steps. Only a page has
// one. Its labels stand outside of the drawing, so that they stay readable when
// it is squeezed.
type chart struct {
	class   string
	title   string
	summary string // what there is to see, in words
	height  int    // of the drawing, where it is 1000 wide
	spans   []span
}

// span is a stretch of a run and the measure in it.
type span struct{ from, to, value float64 }

type chartView struct {
	Class, Title, Summary string
	Height                int
	Grid, Area, Line      string
	Xs, Ys                []string
}

const (
	chartWidth = 1000
	tallChart  = 200
	lowChart   = 80
	ticks      = 4 // on the time axis, besides 0
)

func (c chart) view() chartView {
	v := chartView{Class: c.class, Title: c.title, Summary: c.summary, Height: c.height}
	end, greatest := c.spans[len(c.spans)-1].to, 0.0
	for _, s := range c.spans {
		greatest = max(greatest, s.value)
	}
	top := roundUp(greatest)
	x := func(seconds float64) string { return coordinate(seconds / end * chartWidth) }
	y := func(value float64) string { return coordinate((1 - value/top) * float64(c.height)) }

	var line strings.Builder
	fmt.Fprintf(&line, "M%s %s", x(c.spans[0].from), y(c.spans[0].value))
	for i, s := range c.spans[1:] {
		if before := c.spans[i]; s.value != before.value {
			fmt.Fprintf(&line, "H%sV%s", x(s.from), y(s.value))
		}
	}
	fmt.Fprintf(&line, "H%s", x(end))
	v.Line = line.String()
	v.Area = v.Line + "V" + y(0) + "H" + x(c.spans[0].from) + "Z"
	v.Grid = fmt.Sprintf("M0 %sH%d", y(top/2), chartWidth)
	for i := 1; i < ticks; i++ {
		v.Grid += fmt.Sprintf("M%d 0V%d", chartWidth*i/ticks, c.height)
	}
	for i := range ticks + 1 {
		v.Xs = append(v.Xs, Duration(end*float64(i)/ticks))
	}
	v.Ys = []string{level(top), level(top / 2), "0"}
	if c.height == lowChart {
		v.Ys = []string{level(top), "0"}
	}
	return v
}

func coordinate(f float64) string {
	return strings.TrimSuffix(fmt.Sprintf("%.1f", f), ".0")
}

func level(f float64) string {
	if f == math.Trunc(f) {
		return Number(int64(f))
	}
	return fraction(f)
}

// roundUp is the next of 1, 2, 5, 10, 20, 50 … at or above f, and 1 where f is 0.
func roundUp(f float64) float64 {
	if f <= 0 {
		return 1
	}
	unit := math.Pow(10, math.Floor(math.Log10(f)))
	for _, step := range []float64{1, 2, 5} {
		if f <= step*unit*(1+1e-9) {
			return step * unit
		}
	}
	return 10 * unit
}

// stretches pairs the points of a time line. Where two are much closer to each
// other than the rest, as at the end of a run, they are taken as one: a rate over
// next to no time says nothing.
func stretches(points []pace.Point) []pace.Point {
	if len(points) == 0 {
		return nil
	}
	shortest := points[len(points)-1].Seconds / float64(2*len(points))
	kept := []pace.Point{{}}
	for _, p := range points {
		if p.Seconds-kept[len(kept)-1].Seconds >= shortest && p.Seconds > 0 {
			kept = append(kept, p)
		}
	}
	if last := points[len(points)-1]; len(kept) > 1 {
		kept[len(kept)-1] = last
	}
	return kept
}

// timelineBlocks draw a run, where it was long enough to be drawn.
func timelineBlocks(points []pace.Point) []block {
	at := stretches(points)
	if len(at) < 3 {
		return []block{paragraph("The run was too short for a time line.")}
	}
	rate := func(of func(pace.Point) int64, per func(seconds float64) float64) []span {
		var spans []span
		for i, p := range at[1:] {
			before := at[i]
			spans = append(spans, span{before.Seconds, p.Seconds, float64(of(p)-of(before)) / per(p.Seconds-before.Seconds)})
		}
		return spans
	}
	eachSecond := func(seconds float64) float64 { return seconds }
	whole := func(float64) float64 { return 1 }
	last := at[len(at)-1]

	written := rate(func(p pace.Point) int64 { return p.Written }, eachSecond)
	peak := greatestOf(written)
	var blocks []block
	var calm []string
	if last.Written > 0 {
		blocks = append(blocks, chart{
			class: "written", title: "Resources written per second", height: tallChart, spans: written,
			summary: fmt.Sprintf("%s on average, %s at most, after %s; %s in all.",
				level(rounded(float64(last.Written)/last.Seconds)), level(rounded(peak.value)), Duration(peak.to), Number(last.Written)),
		})
	} else {
		calm = append(calm, "nothing was written")
	}
	for _, one := range []struct {
		class, title, none string
		of                 func(pace.Point) int64
	}{
		{"low throttled", "Answers with “too many requests”", "no answer was “too many requests”", func(p pace.Point) int64 { return p.Throttled }},
		{"low trouble", "Requests that were repeated", "no request had to be repeated", func(p pace.Point) int64 { return p.Retried }},
		{"low trouble", "Resources that were not carried", "nothing was given up", func(p pace.Point) int64 { return p.Failed }},
	} {
		if one.of(last) == 0 {
			calm = append(calm, one.none)
			continue
		}
		spans := rate(one.of, whole)
		peak := greatestOf(spans)
		blocks = append(blocks, chart{
			class: one.class, title: one.title, height: lowChart, spans: spans,
			summary: fmt.Sprintf("%s in all; most of them, %s, between %s and %s.",
				Number(one.of(last)), level(peak.value), Duration(peak.from), Duration(peak.to)),
		})
	}
	if len(calm) > 0 {
		blocks = append(blocks, paragraph(sentence(strings.Join(calm, "; "))))
	}
	return append(blocks, details{"The time line as a table", timelineTable(at)})
}

func timelineTable(at []pace.Point) tableBlock {
	t := tableBlock{
		caption: "Counts since the run began",
		header:  []string{"after", "written", "throttled", "repeated", "not carried"},
		numbers: []int{1, 2, 3, 4},
	}
	for _, p := range at[1:] {
		t.rows = append(t.rows, []string{Duration(p.Seconds), Number(p.Written), Number(p.Throttled), Number(p.Retried), Number(p.Failed)})
	}
	return t
}

func greatestOf(spans []span) span {
	var greatest span
	for _, s := range spans {
		if s.value > greatest.value {
			greatest = s
		}
	}
	return greatest
}

// rounded has one decimal below 10 and none above.
func rounded(f float64) float64 {
	if f < 10 {
		return math.Round(f*10) / 10
	}
	return math.Round(f)
}
