package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"
	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// bar is the last line of a terminal, drawn over again until it is cleared. It
// is never full for good: what there is to do is found out on the way.
type bar struct {
	w     io.Writer
	drawn time.Time // zero where the line is not there
	width int       // of the line that is there, in columns
}

// barWidth is in columns, of a narrow terminal about a fifth.
const barWidth = 16

// barEvery is the time between two drawings: fast enough to look alive, and a
// negligible part of the work.
const barEvery = 100 * time.Millisecond

// barSample is the time between two counts that the speed is told from: the few
// that are kept have to span more than a burst.
const barSample = time.Second

// draw shows how much of total is done, unless it did so a moment ago.
func (b *bar) draw(done, total int64, text string) {
	if time.Since(b.drawn) < barEvery {
		return
	}
	b.drawn = time.Now()
	line := gauge(done, total) + " " + text
	// A line that reaches the edge of the terminal would wrap, and stay.
	line = runewidth.Truncate(line, b.columns()-1, "")
	b.put(line)
	b.width = runewidth.StringWidth(line)
}

// gauge is the bar itself. It is made anew for each drawing, because a bar that
// was full once stays full, and the total grows while a run finds out what there
// is.
func gauge(done, total int64) string {
	g := progressbar.NewOptions64(max(total, 1),
		progressbar.OptionSetWriter(io.Discard),
		progressbar.OptionSetWidth(barWidth),
		progressbar.OptionSetPredictTime(false),
		progressbar.OptionSetElapsedTime(false),
		progressbar.OptionSetTheme(progressbar.Theme{Saucer: "#", SaucerPadding: " ", BarStart: "[", BarEnd: "]"}),
	)
	_ = g.RenderBlank() // the writer takes everything
	_ = g.Set64(done)
	text := g.String() // the share in percent, which the line tells as well, and the bar
	return strings.TrimSpace(text[strings.IndexByte(text, '['):])
}

// put writes over the whole of the line, with what also a terminal understands
// that has no escape sequences.
func (b *bar) put(line string) {
	rest := max(0, b.width-runewidth.StringWidth(line))
	fmt.Fprint(b.w, "\r", line, strings.Repeat(" ", rest))
}

// clear takes the line away, for something else to be written there.
func (b *bar) clear() {
	if b.drawn.IsZero() {
		return
	}
	b.put("")
	fmt.Fprint(b.w, "\r")
	b.drawn, b.width = time.Time{}, 0
}

// narrow is how wide a terminal is taken for that does not say.
const narrow = 80

func (b *bar) columns() int {
	if f, ok := b.w.(*os.File); ok {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
			return width
		}
	}
	return narrow
}
