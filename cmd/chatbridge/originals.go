package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"

	"chatbridge/migrate"
	"chatbridge/migrate/sidecar"
)

// originalsSuffix makes of the name of a ledger that of the file which keeps what
// policies dropped or shortened.
const originalsSuffix = ".originals.jsonl"

// originalsFile is where the originals are of a ledger that does not keep them itself.
func originalsFile(ledger string) string { return besideLedger(ledger) + originalsSuffix }

// keepOriginals keeps what policies drop or shorten: in the ledger that is called name if
// it is one that does so, and otherwise in a file beside it.
func keepOriginals(ledger migrate.Ledger, name string) migrate.Sidecar {
	if l, ok := ledger.(migrate.DroppedLedger); ok {
		return sidecar.In(l, name)
	}
	return sidecar.New(originalsFile(name))
}

// contentsWithFile is a ledger with the originals that are in a file beside it.
type contentsWithFile struct {
	migrate.LedgerContents
	*sidecar.Reader
}

// withOriginals is everything that belongs to a ledger, and what to say of it when it has
// been read.
func withOriginals(contents migrate.LedgerContents, name string) (all migrate.LedgerContents, note func() string) {
	file := &sidecar.Reader{Path: originalsFile(name)}
	if _, has := contents.(migrate.DroppedReader); has {
		return contents, func() string { return moreInFile(file.Path) }
	}
	return contentsWithFile{contents, file}, func() string { return tornIn(file) }
}

// moreInFile says that originals of a database may be in a file too: which one it is
// about, its name says in part only.
func moreInFile(path string) string {
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	return fmt.Sprintf("Note: %s is not among them. An earlier version kept originals there; look whether it is from this migration.", path)
}

func tornIn(r *sidecar.Reader) string {
	if r.Torn == 0 {
		return ""
	}
	return fmt.Sprintf("Note: a crash left %s of %s unfinished. What they were about was not written then, and a later run kept it again.", plural(int(r.Torn), "line", "lines"), r.Path)
}

// wholeWithFile is a new ledger with a file beside it that takes the originals.
type wholeWithFile struct {
	migrate.Whole
	file *sidecar.Growing
	path string // of the file
}

// takesOriginals is a new ledger that takes originals too. If there is a file of them
// already that has others, an error of it has Kind Conflict: at the latest that of Keep.
// It closes the ledger if it fails.
func takesOriginals(w migrate.Whole, name string) (migrate.Whole, error) {
	if _, has := w.(migrate.DroppedLedger); has {
		return w, nil
	}
	path := originalsFile(name)
	file, err := sidecar.Grow(path)
	if err != nil {
		return nil, errors.Join(inTheWay(err, path), w.Close())
	}
	return &wholeWithFile{w, file, path}, nil
}

// inTheWay adds to an error about a file of other originals the command that moves it away.
func inTheWay(err error, path string) error {
	if e, ok := errors.AsType[*migrate.Error](err); ok && e.Kind == migrate.Conflict {
		told := *e
		told.Hint = fmt.Sprintf("to keep it under another name: mv %s %s; then run the same command again", quoted(path), quoted(path+".old"))
		return &told
	}
	return err
}

// PutDropped is of migrate.DroppedLedger; what it puts survives with Keep.
func (w *wholeWithFile) PutDropped(_ context.Context, all []migrate.Dropped) error {
	return inTheWay(w.file.Put(all), w.path)
}

func (w *wholeWithFile) Dropped(ctx context.Context) iter.Seq2[migrate.Dropped, error] {
	return w.file.Dropped(ctx)
}

func (w *wholeWithFile) CountDropped(ctx context.Context) (originals, bytes int64, err error) {
	return w.file.CountDropped(ctx)
}

// Keep keeps the file first: a ledger without its originals would look whole. If it is
// killed in between, the originals are left alone, and the next copy takes their place.
func (w *wholeWithFile) Keep(ctx context.Context) error {
	if err := w.file.Keep(); err != nil {
		return inTheWay(err, w.path)
	}
	if err := w.Whole.Keep(ctx); err != nil {
		return errors.Join(err, w.file.Withdraw())
	}
	return nil
}

// Close has the file go while nobody else can have the place of the ledger.
func (w *wholeWithFile) Close() error { return errors.Join(w.file.Close(), w.Whole.Close()) }
