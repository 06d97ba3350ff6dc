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

// bar is the last lines of a terminal, drawn over again until they are cleared. It
// is never full for good: what there is to do is found out on the way.
type bar struct {
	w io.Writer
	// plain is a terminal without escape sequences: it shows one line.
	plain bool
	drawn time.Time // zero if the lines are not there
	lines []string  // as drawn last
	width int       // of the one line that is there, in columns
}

// barEvery is the time between two drawings: fast enough to look alive, and a
// negligible part of the work.
const barEvery = 100 * time.Millisecond

// barSample is the time between two counts that the speed is told from: the few
// that are kept have to span more than a burst.
const barSample = time.Second

// draw shows how much of total is done, unless it did so a moment ago, and behind
// that the widest of the texts that fits; below it the widest of those about what is
// happening, if there are any.
func (b *bar) draw(done, total int64, texts, happening []string) {
	if time.Since(b.drawn) < barEvery {
		return
	}
	b.drawn = time.Now()
	// A line that reaches the edge of the terminal would wrap, and stay.
	room := b.columns() - 1
	head := gauge(done, total, barWidth(room)) + " "
	lines := []string{head + widest(texts, room-runewidth.StringWidth(head))}
	if len(happening) > 0 && !b.plain {
		lines = append(lines, widest(happening, room))
	}
	b.put(lines)
}

// barWidth is how wide the gauge is, in columns: a fifth of what there is.
func barWidth(room int) int { return max(4, min(16, (room+1)/5)) }

// gauge is the bar itself. It is made anew for each drawing, because a bar that
// was full once stays full, and the total grows while a run finds out what there
// is.
func gauge(done, total int64, width int) string {
	g := progressbar.NewOptions64(max(total, 1),
		progressbar.OptionSetWriter(io.Discard),
		progressbar.OptionSetWidth(width),
		progressbar.OptionSetPredictTime(false),
		progressbar.OptionSetElapsedTime(false),
		progressbar.OptionSetTheme(progressbar.Theme{Saucer: "#", SaucerPadding: " ", BarStart: "[", BarEnd: "]"}),
	)
	_ = g.RenderBlank() // the writer takes everything
	_ = g.Set64(done)
	text := g.String() // the share in percent, which the line tells as well, and the bar
	return strings.TrimSpace(text[strings.IndexByte(text, '['):])
}

// What a terminal is told to draw over lines that it shows.
const (
	lineUp   = "\x1b[A"
	rest     = "\x1b[K" // of the line, empty
	allBelow = "\x1b[J" // empty
)

// put writes over what is there.
func (b *bar) put(lines []string) {
	if b.plain {
		first := lines[0]
		fmt.Fprint(b.w, "\r", first, strings.Repeat(" ", max(0, b.width-runewidth.StringWidth(first))))
		b.lines, b.width = lines, runewidth.StringWidth(first)
		return
	}
	text := b.top() + strings.Join(lines, rest+"\r\n") + rest
	if len(lines) < len(b.lines) {
		text += allBelow
	}
	fmt.Fprint(b.w, text)
	b.lines = lines
}

// top goes back to the beginning of the first line.
func (b *bar) top() string { return "\r" + strings.Repeat(lineUp, max(0, len(b.lines)-1)) }

// clear takes the lines away, for something else to be written there.
func (b *bar) clear() {
	switch {
	case b.drawn.IsZero():
		return
	case b.plain:
		b.put([]string{""})
		fmt.Fprint(b.w, "\r")
	default:
		fmt.Fprint(b.w, b.top(), allBelow)
	}
	b.drawn, b.width = time.Time{}, 0
}

// again shows the lines that were cleared.
func (b *bar) again() {
	if lines := b.lines; len(lines) > 0 {
		b.lines = nil
		b.drawn = time.Now()
		b.put(lines)
	}
}

// narrow is how wide a terminal is taken for that does not say.
const narrow = 80

func (b *bar) columns() int { return columnsOf(b.w) }

// columnsOf is how wide the terminal behind a stream is.
func columnsOf(stream any) int {
	if f, ok := streamOf(stream).(*os.File); ok {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
			return width
		}
	}
	return narrow
}
