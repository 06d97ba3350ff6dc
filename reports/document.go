package reports

import (
	"bufio"
	"io"
)

// document is a report for people before it has a form. Its texts may hold
// anything: rendering makes them harmless.
type document struct {
	title   string
	verdict string
	blocks  []block

	brief    bool                        // see Brief
	told     bool                        // see WithoutLosses
	complete func(command string) string // see Completing
	from     *Provenance                 // see From; a page and Markdown show it

	// Shown on a page only.
	tone    tone
	audited *AuditChannels // see WithAuditChannels
	second  string         // said below the verdict
	figures []figure
}

// block is one of heading, paragraph, tableBlock, findingList, probeList, commands and
// steps; on a page also one of chart, catalog and details.
type block any

type (
	heading   string
	paragraph string
	commands  []string
)

// tableBlock has a heading and rows of as many cells. Cells of the columns in
// numbers are aligned to the right. A page shows a caption and, where there are
// bars, one bar for each row, which is a share of 1.
type tableBlock struct {
	header  []string
	numbers []int
	rows    [][]string

	caption string
	spoken  bool // not shown, only read out
	bars    []float64
	links   []string // one for each row, from its first cell; empty for none
}

func (d *document) add(blocks ...block) { d.blocks = append(d.blocks, blocks...) }

func (d *document) render(w io.Writer, f Format) error {
	b := bufio.NewWriter(w)
	switch f {
	case Text:
		d.textFor(b, columnsOf(w))
	case Markdown:
		d.markdown(b)
	case HTML:
		if err := d.html(b); err != nil {
			return err
		}
	default:
		return unknown(f)
	}
	return b.Flush()
}
