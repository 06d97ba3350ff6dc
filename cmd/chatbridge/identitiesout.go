package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"chatbridge/migrate"
	"chatbridge/reports"
)

// identities are all whom a source named; nil notes nobody.
type identities struct {
	mu  sync.Mutex
	all map[string]bool
}

func (i *identities) add(names ...string) {
	if i == nil {
		return
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, name := range names {
		if i.all == nil {
			i.all = map[string]bool{}
		}
		i.all[name] = true
	}
}

// templateHeading tells a table that was written here, whose cells are escaped, from
// one that somebody made.
var templateHeading = []string{"old identity", "new identity (' before = + - @ is no part of it)"}

// systemIdentity is what Chat calls whoever used the REST API: nobody to rename.
const systemIdentity = "system"

// expressible reports whether --identities can name somebody: not if it is no text,
// and not if it is blank, which reads as a blank line.
func expressible(identity string) bool {
	return utf8.ValidString(identity) && !strings.ContainsRune(identity, 0) && strings.TrimSpace(identity) != ""
}

// write makes a table of everybody, each with their own name as the new one. left
// counts those who cannot be named in it.
func (i *identities) write(w io.Writer) (written, left int, err error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	table := csv.NewWriter(w)
	err = table.Write(templateHeading)
	for _, identity := range slices.Sorted(maps.Keys(i.all)) {
		switch {
		case identity == "" || identity == systemIdentity:
			continue
		case !expressible(identity):
			left++
			continue
		}
		written++
		cell := escapedCell(identity)
		err = errors.Join(err, table.Write([]string{cell, cell}))
	}
	table.Flush()
	return written, left, errors.Join(err, table.Error())
}

// escapedCell is an identity that no spreadsheet takes for a formula. Package csv reads
// CRLF in a cell as LF, so that there is one CR more.
func escapedCell(identity string) string {
	if reports.Formula(strings.TrimLeft(identity, "'")) {
		identity = "'" + identity
	}
	return strings.ReplaceAll(identity, "\r\n", "\r\r\n")
}

// unescapedCell is what escapedCell was made of, when package csv has read it.
func unescapedCell(cell string) string {
	if plain, is := strings.CutPrefix(cell, "'"); is && reports.Formula(strings.TrimLeft(plain, "'")) {
		return plain
	}
	return cell
}

// template opens the file of --identities-out, before anything is read. finish writes
// it; after a failure it removes it. Somebody may have filled in one that is there, so
// it is not written over.
func (o *auditResultOptions) template(i *identities, tell func(string)) (finish func(error) error, err error) {
	if o.IdentitiesOut == "" {
		return func(err error) error { return err }, nil
	}
	f, err := os.OpenFile(o.IdentitiesOut, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil, usageError("name another file, or remove this one if nobody needs it", "--identities-out: %s already exists", o.IdentitiesOut)
	}
	if err != nil {
		return nil, &migrate.Error{Op: "write identities", Kind: migrate.Usage, Err: err, Hint: "name a file in a folder that can be written, such as --identities-out people.csv"}
	}
	return func(failed error) error {
		if failed != nil {
			return errors.Join(failed, f.Close(), os.Remove(o.IdentitiesOut))
		}
		written, left, err := i.write(f)
		if err := errors.Join(err, f.Close()); err != nil {
			return fmt.Errorf("write %s: %w", o.IdentitiesOut, err)
		}
		text := fmt.Sprintf("Note: %s has %s. Change the second column, and give it to --identities.", o.IdentitiesOut, plural(written, "identity", "identities"))
		if left > 0 {
			text += fmt.Sprintf(" It lacks %s that CSV cannot hold: blank, or no text.", plural(left, "identity", "identities"))
		}
		tell(text)
		return nil
	}, nil
}
