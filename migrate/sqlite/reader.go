package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"iter"
	"net/url"
	"os"

	lib "modernc.org/sqlite/lib"

	"chatbridge/migrate"
	"chatbridge/migrate/internal/stored"
)

// pageRows is how many rows an iterator reads at a time: between two pages it
// holds nothing, so the body of the loop may put, and a writer is not kept from
// reclaiming its log.
const pageRows = 500

// Reader reads a ledger, also while another process writes it: it then sees
// what that process has committed. Its iterators see what is there when they
// come to it, a page at a time. Times come back in UTC. Its methods may be
// called by any number of goroutines at a time.
type Reader struct {
	db *sql.DB
	// version is that of the schema: a ledger is read as an older chatbridge left
	// it, and only brought up to date when it is written.
	version int64
	place   place
	rows    func(ctx context.Context, query string, args []any, scan func(*sql.Rows) error) error
}

// OpenReader opens the ledger at path for reading. It changes no byte of the
// file, but SQLite may leave its -wal and -shm files beside it. Its errors have
// Kind NotFound where there is no ledger yet, and otherwise those of Open.
func OpenReader(ctx context.Context, path string) (*Reader, error) {
	path, err := locate(path)
	if err != nil {
		return nil, err
	}
	exists, err := examine(path, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	if !exists {
		return nil, notFound(path)
	}
	r, err := openReadOnly(ctx, path)
	if err != nil {
		return nil, err
	}
	s, err := inspect(ctx, r.db)
	if err == nil && s.version == 0 {
		err = notFound(path)
	}
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

func notFound(path string) error {
	return refuse(migrate.NotFound, "to begin: chatbridge migrate", "there is no ledger at %s", path)
}

// openReadOnly opens an existing file that may or may not be a ledger, and
// inspects it.
func openReadOnly(ctx context.Context, path string) (*Reader, error) {
	r, err := newReader(ctx, path, url.Values{})
	// In a folder that cannot be written to SQLite has no place for its shared
	// memory. It can do without where nothing is logged, since then nobody writes.
	if code := resultCode(err); code == lib.SQLITE_CANTOPEN || code == lib.SQLITE_READONLY {
		if settled(path) {
			return openSettled(ctx, path)
		}
	}
	return r, err
}

// openSettled opens a file that nobody writes while it is read. It leaves
// nothing beside it.
func openSettled(ctx context.Context, path string) (*Reader, error) {
	return newReader(ctx, path, url.Values{"immutable": {"1"}})
}

// settled says that everything committed is in the file itself.
func settled(path string) bool {
	info, err := os.Stat(path + "-wal")
	return errors.Is(err, os.ErrNotExist) || err == nil && info.Size() == 0
}

func newReader(ctx context.Context, path string, parameters url.Values) (*Reader, error) {
	parameters.Set("mode", "ro")
	parameters["_pragma"] = []string{"busy_timeout(5000)", "query_only(1)"}
	db, err := connect(path, parameters)
	if err != nil {
		return nil, err
	}
	s, err := inspect(ctx, db)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	at, err := placed(path)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	r := &Reader{db: db, version: s.version, place: at}
	r.rows = r.query
	return r, nil
}

// newer is a column that ledgers of older schemas lack, with 0 in its place there.
func (r *Reader) newer(column string) string {
	if r.version < keepsOriginals {
		return "0"
	}
	return column
}

func (r *Reader) query(ctx context.Context, query string, args []any, scan func(*sql.Rows) error) error {
	rows, err := r.db.QueryContext(ctx, query, args...)
	return each(rows, err, scan)
}

// Close lets go of the file.
func (r *Reader) Close() error { return fault("close ledger", "", r.db.Close()) }

func each(rows *sql.Rows, err error, scan func(*sql.Rows) error) error {
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

func all[T any](ctx context.Context, r *Reader, query string, args []any, scan func(*sql.Rows) (T, error)) ([]T, error) {
	var records []T
	err := r.rows(ctx, query, args, func(rows *sql.Rows) error {
		record, err := scan(rows)
		records = append(records, record)
		return err
	})
	return records, err
}

func one[T any](ctx context.Context, r *Reader, query string, args []any, scan func(*sql.Rows) (T, error)) (record T, ok bool, err error) {
	records, err := all(ctx, r, query, args, scan)
	if err != nil || len(records) == 0 {
		return record, false, err
	}
	return records[0], true, nil
}

// pages yields page after page, and gives an error its operation.
func pages[T any](op, sid string, load func(last *T) ([]T, error)) iter.Seq2[T, error] {
	return stored.Pages(pageRows, func(last *T) ([]T, error) {
		page, err := load(last)
		return page, fault(op, sid, err)
	})
}
