package archive

import (
	"bytes"
	"fmt"
	"io"
)

// backwardsBlock is how much is read at a time from the end of a file.
const backwardsBlock = 64 << 10

// backwards cuts a file into lines from its end, holding one line and one block.
type backwards struct {
	r     io.ReaderAt
	start int64  // of block in the file
	end   int64  // of what is still to be returned
	block []byte // the bytes from start to end
}

// line returns the line that ends where the last one began, without its end,
// and where it starts. It returns io.EOF before the first line.
func (b *backwards) line() ([]byte, int64, error) {
	if b.end == 0 {
		return nil, 0, io.EOF
	}
	if err := b.fill(1); err != nil {
		return nil, b.end, err
	}
	// The line's own end, where it has one, is not the end of the line before.
	scanned := 0
	if b.block[len(b.block)-1] == '\n' {
		scanned = 1
	}
	for {
		rest := b.block[:len(b.block)-scanned]
		if at := bytes.LastIndexByte(rest, '\n'); at >= 0 {
			return b.take(at + 1)
		}
		if b.start == 0 {
			return b.take(0)
		}
		if len(b.block) > MaxLine+len("\r\n") {
			return nil, b.start, fmt.Errorf("%w: more than %d bytes", ErrLineTooLong, MaxLine)
		}
		scanned = len(b.block)
		if err := b.fill(len(b.block) + 1); err != nil {
			return nil, b.start, err
		}
	}
}

// take returns the block from at to its end, and leaves what is before.
func (b *backwards) take(at int) ([]byte, int64, error) {
	raw := bytes.Clone(trimEnd(b.block[at:]))
	b.block = b.block[:at]
	b.end = b.start + int64(at)
	return raw, b.end, nil
}

// fill reads more in front of the block until it has at least want bytes.
func (b *backwards) fill(want int) error {
	for len(b.block) < want {
		size := min(backwardsBlock, b.start)
		// A line that is longer than a block doubles what is read, so that
		// moving it costs no more than reading it.
		size = min(max(size, int64(len(b.block))), b.start)
		grown := make([]byte, size, size+int64(len(b.block)))
		if _, err := b.r.ReadAt(grown, b.start-size); err != nil && err != io.EOF {
			return err
		}
		b.block = append(grown, b.block...)
		b.start -= size
	}
	return nil
}
