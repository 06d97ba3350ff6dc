package sidecar

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"chatbridge/migrate"
)

// ErrOther is in the chain of the error for a file that holds something else
// than originals.
var ErrOther = errors.New("it does not hold chatbridge originals")

// start is how each line of a File begins, also one that a crash tore and that a
// later run went on behind.
const start = `{"code":"`

// Look counts what a File left at path, and refuses a file that holds anything
// else, or a symbolic link. A line that a crash tore counts too.
func Look(path string) (migrate.Kept, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return migrate.Kept{}, err
	}
	if !info.Mode().IsRegular() && info.Mode()&fs.ModeSymlink == 0 { // opening a pipe waits for its other end
		return migrate.Kept{}, fmt.Errorf("%s: %w", path, ErrOther)
	}
	file, err := migrate.OpenBeside(path, os.O_RDONLY, 0)
	if err != nil {
		return migrate.Kept{}, err
	}
	defer file.Close()
	kept, whole, torn := migrate.Kept{Path: path, Bytes: info.Size()}, 0, 0
	in := bufio.NewReader(file)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return migrate.Kept{}, err
		}
		if len(line) > 0 {
			kept.Lines++
			if !bytes.HasPrefix(line, []byte(start)) {
				return migrate.Kept{}, fmt.Errorf("%s: line %d: %w", path, kept.Lines, ErrOther)
			}
			switch {
			case isEntry(line):
				whole++
			case !json.Valid(line):
				torn++
			}
		}
		if err == nil {
			continue
		}
		if kept.Lines > 0 && whole == 0 && torn != 1 {
			return migrate.Kept{}, fmt.Errorf("%s: %w", path, ErrOther)
		}
		return kept, nil
	}
}

func isEntry(line []byte) bool {
	e, ok := entry(line)
	return ok && e.SID != ""
}

// entry is what a line holds, if it is one that a File wrote.
func entry(line []byte) (e Entry, ok bool) {
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	ok = d.Decode(&e) == nil && e.Code != ""
	return e, ok
}
