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
}

// block is one of heading, paragraph, tableBlock, findingList and commands.
type block any

type (
	heading   string
	paragraph string
	commands  []string
)

// tableBlock has a heading and rows of as many cells. Cells of the columns in
// numbers are aligned to the right.
type tableBlock struct {
	header  []string
	numbers []int
	rows    [][]string
}

func (d *document) add(blocks ...block) { d.blocks = append(d.blocks, blocks...) }

func (d *document) render(w io.Writer, f Format) error {
	b := bufio.NewWriter(w)
	switch f {
	case Text:
		d.text(b)
	case Markdown:
		d.markdown(b)
	default:
		return unknown(f)
	}
	return b.Flush()
}
