package sidecar

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"

	"chatbridge/migrate"
)

// UnfinishedSuffix is that of the file in which originals grow that are to come into
// being whole.
const UnfinishedSuffix = ".unfinished"

// Growing is the file of a File while it is copied. It takes its place with Keep, and is
// not made before the first original.
//
// A copy that was killed after Keep leaves the file without its ledger. So a file that is
// there already is no hindrance if what comes begins with all that it has: nothing of it
// is lost then.
type Growing struct {
	path   string
	file   *os.File
	out    *bufio.Writer
	placed bool // it was kept, where nothing was before

	before fs.FileInfo   // of what was there at the beginning; nil if nothing was
	there  *os.File      // that, as far as it was compared
	rest   *bufio.Reader // what of it was not compared yet
}

// Grow begins a file that takes its place at path, with mode 0600. The caller sees to it
// that nobody else grows one for the same place.
//
// If a file is there already that has anything else than what is put, the error of Put or
// Keep has Kind Conflict, and it stays as it is. That of Grow does if something else is
// there.
func Grow(path string) (*Growing, error) {
	g := &Growing{path: path}
	before, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return g, nil
	case err != nil || !before.Mode().IsRegular():
		return nil, occupied(path)
	}
	if g.there, err = migrate.OpenBeside(path, os.O_RDONLY, 0); err != nil {
		return nil, g.failed(err)
	}
	g.before, g.rest = before, bufio.NewReader(g.there)
	return g, nil
}

// same requires that a line is in what was there, unless that has come to its end.
func (g *Growing) same(text []byte) error {
	if g.before == nil {
		return nil
	}
	was := make([]byte, len(text))
	n, err := io.ReadFull(g.rest, was)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return g.failed(err)
	}
	if !bytes.Equal(was[:n], text[:n]) {
		return occupied(g.path)
	}
	return nil
}

// free requires that nothing is lost if something takes the place now.
func (g *Growing) free() error {
	now, err := os.Lstat(g.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil || g.before == nil || !os.SameFile(now, g.before):
		return occupied(g.path)
	}
	if _, err := g.rest.ReadByte(); !errors.Is(err, io.EOF) {
		return occupied(g.path)
	}
	return nil
}

func occupied(path string) error {
	return &migrate.Error{
		Op: "copy originals", Kind: migrate.Conflict, Err: fmt.Errorf("%s exists already, with something else than the originals of this copy", path),
		Hint: "move it away, then run the same command again; or copy to a file of another name",
	}
}

// Put adds originals.
func (g *Growing) Put(all []migrate.Dropped) error {
	if len(all) == 0 {
		return nil
	}
	if g.file == nil {
		// What a copy left that was killed is written over.
		file, err := migrate.OpenBeside(g.path+UnfinishedSuffix, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
		if err != nil {
			return g.failed(err)
		}
		g.file, g.out = file, bufio.NewWriter(file)
	}
	for _, d := range all {
		text, err := line(d)
		if err != nil {
			return err
		}
		if err := g.same(text); err != nil {
			return err
		}
		if _, err := g.out.Write(text); err != nil {
			return g.failed(err)
		}
	}
	return nil
}

// Dropped yields what is in the file.
func (g *Growing) Dropped(ctx context.Context) iter.Seq2[migrate.Dropped, error] {
	return func(yield func(migrate.Dropped, error) bool) {
		if g.file == nil {
			return
		}
		if err := g.out.Flush(); err != nil {
			yield(migrate.Dropped{}, g.failed(err))
			return
		}
		(&Reader{Path: g.path + UnfinishedSuffix}).Dropped(ctx)(yield)
	}
}

// Keep makes the file survive a crash, and moves it to its place.
func (g *Growing) Keep() error {
	if err := g.free(); err != nil || g.file == nil {
		return err
	}
	err := errors.Join(g.out.Flush(), g.file.Sync(), g.file.Close(), g.leave())
	if err == nil {
		err = os.Rename(g.path+UnfinishedSuffix, g.path)
	}
	if err != nil {
		return g.failed(err)
	}
	g.file, g.placed = nil, g.before == nil
	return nil
}

// leave closes what was there.
func (g *Growing) leave() error {
	if g.there == nil {
		return nil
	}
	err := g.there.Close()
	g.there = nil
	return err
}

// CountDropped is of migrate.DroppedReader.
func (g *Growing) CountDropped(ctx context.Context) (originals, bytes int64, err error) {
	return count(g.Dropped(ctx))
}

// Withdraw removes a file that was kept, if one was. What took the place of a file that
// was there before has all of that one, and stays.
func (g *Growing) Withdraw() error {
	if !g.placed {
		return nil
	}
	g.placed = false
	return os.Remove(g.path)
}

// Close removes the file, unless it was kept.
func (g *Growing) Close() error {
	left := g.path + UnfinishedSuffix
	_ = g.leave() // it was only read
	if g.file != nil {
		_ = g.file.Close() // nothing in it is wanted any more
		g.file = nil
	}
	if err := os.Remove(left); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return g.failed(err)
	}
	return nil
}

func (g *Growing) failed(err error) error {
	return &migrate.Error{
		Op: "copy originals", Kind: migrate.Failed, Err: fmt.Errorf("write %s: %w", g.path, err),
		Hint: "free some space there, then run the same command again",
	}
}
