package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"chatbridge/migrate"
)

// place is where a ledger was opened, and which file that was. A file that was
// removed or replaced can be written as before by whoever has it open, and what
// is written then is seen by nobody.
type place struct {
	path string
	file fs.FileInfo
}

func placed(path string) (place, error) {
	info, err := os.Stat(path)
	if err != nil {
		return place{}, refusePath(err)
	}
	return place{path, info}, nil
}

// check has Kind Conflict if the path no longer leads to the file. If nothing can
// be told it says nothing: the disk will.
func (p place) check() error {
	now, err := os.Stat(p.path)
	switch {
	case err == nil && os.SameFile(p.file, now):
		return nil
	case err == nil:
		return p.lost("another file was put in its place")
	case errors.Is(err, fs.ErrNotExist):
		return p.lost("it was removed or renamed")
	}
	return nil
}

func (p place) lost(how string) error {
	return &migrate.Error{
		Op: "keep ledger", Kind: migrate.Conflict,
		Err:  fmt.Errorf("%s: %s while this run was writing it", p.path, how),
		Hint: "put the file back if you have it, then run chatbridge migrate again; if not, run it with a new ledger, which finds in the target what has arrived",
	}
}

// Identity is the ID of the first run, and the number of the file that was
// opened.
func (r *Reader) Identity(ctx context.Context) (migrate.LedgerIdentity, error) {
	id, _, err := one(ctx, r, `SELECT id FROM runs ORDER BY number LIMIT 1`, nil, func(rows *sql.Rows) (id string, err error) {
		return id, rows.Scan(&id)
	})
	return migrate.LedgerIdentity{ID: id, File: fileNumber(r.place.path, r.place.file)}, fault("read identity of ledger", "", err)
}
