package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"

	"github.com/jedib0t/go-pretty/v6/table"
)

// SchemaVersion is that of Table as JSON. It changes when a field changes its
// meaning or goes away.
const SchemaVersion = 1

// Units of figures.
const (
	Ratio    = "ratio"
	Seconds  = "s"
	MiB      = "MiB"
	Requests = "requests"
)

// Clocks. A figure of the virtual one does not depend on the machine.
const (
	Virtual = "virtual"
	Real    = "real"
)

// Table is what one run measured.
type Table struct {
	SchemaVersion int      `json:"schema_version"`
	Go            string   `json:"go"`       // version
	Platform      string   `json:"platform"` // as linux/amd64
	CPUs          int      `json:"cpus"`
	Figures       []Figure `json:"figures"`
	Met           bool     `json:"met"` // every figure that must
}

// Figure is one line.
type Figure struct {
	Name  string  `json:"name"` // what was measured
	On    string  `json:"on"`   // the workspace, the latency, the limits
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
	Bar   *Bar    `json:"bar,omitempty"` // nil if there is none, then it is there to compare with
	Met   *bool   `json:"met,omitempty"` // nil without a bar
	Clock string  `json:"clock"`         // virtual or real

	Detail string `json:"detail,omitempty"` // what the value was made of
}

// Bar is what a figure has to keep.
type Bar struct {
	Least *float64 `json:"least,omitempty"`
	Most  *float64 `json:"most,omitempty"`
	Aim   bool     `json:"aim"` // it may be missed, and is reported then
}

// AtMost is a bar above which nothing may be.
func AtMost(most float64) *Bar { return &Bar{Most: &most} }

// AtLeast is a bar below which nothing may be.
func AtLeast(least float64) *Bar { return &Bar{Least: &least} }

// Between is a bar on both sides.
func Between(least, most float64) *Bar { return &Bar{Least: &least, Most: &most} }

// Aimed is the bar as one that may be missed.
func (b *Bar) Aimed() *Bar { return &Bar{Least: b.Least, Most: b.Most, Aim: true} }

func (b *Bar) met(value float64) bool {
	return !math.IsNaN(value) && (b.Least == nil || value >= *b.Least) && (b.Most == nil || value <= *b.Most)
}

func (b *Bar) String() string {
	verb, number := "must", func(n *float64) string { return strconv.FormatFloat(*n, 'f', -1, 64) }
	if b.Aim {
		verb = "aim"
	}
	switch {
	case b.Least == nil:
		return verb + " ≤ " + number(b.Most)
	case b.Most == nil:
		return verb + " ≥ " + number(b.Least)
	}
	return verb + " " + number(b.Least) + " to " + number(b.Most)
}

// Add judges a figure, and adds it.
func (t *Table) Add(f Figure) {
	if f.Bar != nil {
		met := f.Bar.met(f.Value)
		f.Met = &met
	}
	t.Figures = append(t.Figures, f)
}

// JSON writes the table as JSON.
func (t *Table) JSON(w io.Writer) error {
	t.SchemaVersion, t.Met = SchemaVersion, true
	for _, f := range t.Figures {
		t.Met = t.Met && (f.Met == nil || *f.Met || f.Bar.Aim)
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(t)
}

// Text writes the table to be read.
func (t *Table) Text(w io.Writer) error {
	rows := table.NewWriter()
	rows.SetStyle(table.StyleLight)
	rows.AppendHeader(table.Row{"figure", "on", "measured", "bar", "met", "clock", "from"})
	for _, f := range t.Figures {
		bar, met := "", ""
		if f.Bar != nil {
			bar, met = f.Bar.String(), "yes"
			if !*f.Met {
				met = "NO"
			}
		}
		rows.AppendRow(table.Row{f.Name, f.On, f.measured(), bar, met, f.Clock, f.Detail})
	}
	_, err := fmt.Fprintf(w, "%s\n%s, %s, %d processors\n", rows.Render(), t.Go, t.Platform, t.CPUs)
	return err
}

func (f Figure) measured() string {
	switch f.Unit {
	case Ratio:
		return fmt.Sprintf("%.2f", f.Value)
	case Requests:
		return fmt.Sprintf("%.0f", f.Value)
	}
	return fmt.Sprintf("%.1f %s", f.Value, f.Unit)
}
