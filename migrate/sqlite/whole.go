package sqlite

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"

	"chatbridge/migrate"
)

// unfinishedSuffix is that of the file in which a ledger grows that is to come into being
// whole.
const unfinishedSuffix = ".unfinished"

// Whole is a ledger that takes its place when it is kept.
type Whole struct {
	*Ledger
	path string
	kept bool
	held *lock // of the place that it will take
}

var _ migrate.Whole = (*Whole)(nil)

// Create makes a ledger that takes its place at path with Keep. If something is there
// already the error has Kind Conflict, and otherwise it is one of Open.
func Create(ctx context.Context, path string) (*Whole, error) {
	if path == "" {
		return nil, refuse(migrate.Usage, pathHint, "its path is empty")
	}
	path, err := locate(path)
	if err != nil {
		return nil, err
	}
	if err := vacant(path); err != nil {
		return nil, err
	}
	held, err := acquire(path)
	if err != nil {
		return nil, err
	}
	w, err := createLocked(ctx, path, held)
	if err != nil {
		return nil, errors.Join(err, held.release())
	}
	return w, nil
}

func createLocked(ctx context.Context, path string, held *lock) (*Whole, error) {
	if err := vacant(path); err != nil { // somebody may have had the lock before
		return nil, err
	}
	// What a copy left that was killed.
	if left, err := Hold(ctx, path+unfinishedSuffix); err == nil {
		for _, file := range left.Files() {
			err = errors.Join(err, left.Remove(file))
		}
		if err = errors.Join(err, left.Close()); err != nil {
			return nil, err
		}
	} else if migrate.KindOf(err) != migrate.NotFound {
		return nil, err
	}
	l, err := Open(ctx, path+unfinishedSuffix, func(o *options) { o.lasting = false })
	if err != nil {
		return nil, err
	}
	return &Whole{Ledger: l, path: path, held: held}, nil
}

func vacant(path string) error {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return refuse(migrate.Conflict, "name a file that is not there yet", "%s exists already", path)
	}
	return nil
}

// Keep closes the ledger and moves it to its place. Close lets go of the place.
func (w *Whole) Keep(context.Context) error {
	if err := w.Ledger.Close(); err != nil {
		return err
	}
	if err := vacant(w.path); err != nil {
		return err
	}
	if err := os.Rename(w.path+unfinishedSuffix, w.path); err != nil {
		return fault("keep ledger", "", err)
	}
	w.kept = true
	return nil
}

// Close removes the ledger, unless it was kept.
func (w *Whole) Close() error {
	if w.held == nil {
		return nil
	}
	err := w.Ledger.Close()
	if !w.kept {
		err = cmp.Or(err, fault("remove ledger", "", remove(w.path+unfinishedSuffix)))
	}
	err = cmp.Or(err, fault("close ledger", "", w.held.release()))
	w.held = nil
	return err
}
