package sidecar

import (
	"bufio"
	"context"
	"errors"
	"fmt"
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
type Growing struct {
	path   string
	file   *os.File
	out    *bufio.Writer
	placed bool // it was kept
}

// Grow begins a file that takes its place at path, with mode 0600. If something is
// there already the error has Kind Conflict. The caller sees to it that nobody else grows
// one for the same place.
func Grow(path string) (*Growing, error) {
	if err := vacant(path); err != nil {
		return nil, err
	}
	return &Growing{path: path}, nil
}

func vacant(path string) error {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return &migrate.Error{
			Op: "copy originals", Kind: migrate.Conflict, Err: fmt.Errorf("%s exists already", path),
			Hint: "look at it, and move it away; or copy to a file of another name",
		}
	}
	return nil
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
	if g.file == nil {
		return vacant(g.path)
	}
	err := errors.Join(g.out.Flush(), g.file.Sync(), g.file.Close())
	if err == nil {
		if err := vacant(g.path); err != nil {
			return err
		}
		err = os.Rename(g.path+UnfinishedSuffix, g.path)
	}
	if err != nil {
		return g.failed(err)
	}
	g.file, g.placed = nil, true
	return nil
}

// CountDropped is of migrate.DroppedReader.
func (g *Growing) CountDropped(ctx context.Context) (originals, bytes int64, err error) {
	return count(g.Dropped(ctx))
}

// Withdraw removes a file that was kept, if one was.
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
