package sidecar

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"

	"chatbridge/migrate"
)

// Write writes originals as the lines of a File, and returns how many they were.
func Write(w io.Writer, all iter.Seq2[migrate.Dropped, error]) (lines int64, err error) {
	for d, err := range all {
		if err != nil {
			return lines, err
		}
		text, err := line(d)
		if err != nil {
			return lines, err
		}
		if _, err := w.Write(text); err != nil {
			return lines, err
		}
		lines++
	}
	return lines, nil
}

// Reader reads what a File left at Path. It holds one line at a time.
type Reader struct {
	Path string
	// Torn counts the lines that a crash tore, of the last reading. Nothing is lost with
	// them: what they are about was not written yet, and the run that went on kept it anew.
	Torn int64
}

var _ migrate.DroppedReader = (*Reader)(nil)

// Dropped yields the originals in their order, each as often as it is there; none if
// there is no file. A line that holds anything else is an error.
func (r *Reader) Dropped(ctx context.Context) iter.Seq2[migrate.Dropped, error] {
	return func(yield func(migrate.Dropped, error) bool) {
		r.Torn = 0
		file, err := migrate.OpenBeside(r.Path, os.O_RDONLY, 0)
		if errors.Is(err, fs.ErrNotExist) {
			return
		}
		if err != nil {
			yield(migrate.Dropped{}, r.failed(err))
			return
		}
		defer file.Close()
		in := bufio.NewReader(file)
		for n := 1; ; n++ {
			text, end := in.ReadBytes('\n')
			if len(text) > 0 {
				d, ok, err := r.read(text, n)
				if err == nil {
					err = ctx.Err()
				}
				if (ok || err != nil) && (!yield(d, err) || err != nil) {
					return
				}
			}
			if errors.Is(end, io.EOF) {
				return
			}
			if end != nil {
				yield(migrate.Dropped{}, r.failed(end))
				return
			}
		}
	}
}

// read is the original in a line. ok is false if all of the line was torn.
func (r *Reader) read(text []byte, n int) (d migrate.Dropped, ok bool, err error) {
	at := max(0, bytes.LastIndex(text, []byte(start))) // a run goes on behind what a crash tore
	e, ok := entry(text[at:])
	head := text[:min(len(start), len(text))]
	if at > 0 {
		head = text[:min(len(start), at)]
	}
	if !bytes.HasPrefix([]byte(start), head) || !ok && json.Valid(text[at:]) {
		return d, false, r.failed(fmt.Errorf("line %d: %w", n, ErrOther))
	}
	if at > 0 || !ok {
		r.Torn++
	}
	return e.dropped(), ok, nil
}

// CountDropped is of migrate.DroppedReader.
func (r *Reader) CountDropped(ctx context.Context) (originals, bytes int64, err error) {
	return count(r.Dropped(ctx))
}

func count(all iter.Seq2[migrate.Dropped, error]) (originals, bytes int64, err error) {
	for d, err := range all {
		if err != nil {
			return 0, 0, err
		}
		originals, bytes = originals+1, bytes+int64(len(d.Original))
	}
	return originals, bytes, nil
}

func (r *Reader) failed(err error) error {
	return &migrate.Error{
		Op: "read originals", Kind: migrate.Failed, Err: fmt.Errorf("%s: %w", r.Path, err),
		Hint: "look at that file, and move it away if it is not from this migration",
	}
}
