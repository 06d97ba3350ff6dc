package sqlite

import (
	"context"
	"errors"
	"net/url"
	"os"
	"sync"
	"time"

	"chatbridge/migrate"
)

var _ migrate.Ledger = (*Ledger)(nil)

// checkLimit is the size in bytes of a ledger, about four million messages, up
// to which Open looks at every page. In a larger one damage is found when it is
// read.
const checkLimit = 256 << 20

// Ledger is the one writer of a ledger file. Its methods may be called by any
// number of goroutines at a time.
type Ledger struct {
	*Reader
	group    *group
	lock     *lock
	channels map[string]int64 // numbers of channels by source SID; under the group's lock
	shut     func() error
}

// Option changes how a ledger is written.
type Option func(*options)

type options struct {
	every   time.Duration
	rows    int
	lasting bool // what is put durably survives a crash when its put has returned
}

// Group sets when puts are committed: so long after the first one, or as soon as
// there are so many. Defaults to 250 ms and 2000.
func Group(every time.Duration, rows int) Option {
	return func(o *options) { o.every, o.rows = every, rows }
}

// Open opens the ledger at path for writing and creates it where there is none,
// readable by its owner only. The folder must exist. Where it fails it leaves
// everything as it was. Its errors have these Kinds:
//
//   - Usage: the path leads to a folder, to somewhere that cannot be written to,
//     or to a file that is no ledger.
//   - Conflict: another process has it open for writing, and is named; its
//     schema is newer than this program; or an older program gave two channels
//     one conversation, and both are named.
//   - Failed: it is damaged, or the disk failed.
func Open(ctx context.Context, path string, opts ...Option) (*Ledger, error) {
	o := options{every: groupInterval, rows: groupRows, lasting: true}
	for _, opt := range opts {
		opt(&o)
	}
	path, err := locate(path)
	if err != nil {
		return nil, err
	}
	if _, err := examine(path, os.O_RDWR); err != nil {
		return nil, err
	}
	held, err := acquire(path)
	if err != nil {
		return nil, err
	}
	l, err := openLocked(ctx, path, o)
	if err != nil {
		return nil, errors.Join(err, held.release())
	}
	l.lock = held
	return l, nil
}

func openLocked(ctx context.Context, path string, o options) (*Ledger, error) {
	// Examined again: before the lock was taken another writer may have made it.
	exists, err := examine(path, os.O_RDWR)
	if err != nil {
		return nil, err
	}
	if !exists {
		if err := create(path); err != nil {
			return nil, err
		}
		l, err := openFile(ctx, path, o)
		if err != nil {
			return nil, errors.Join(err, remove(path))
		}
		return l, nil
	}
	if err := check(ctx, path); err != nil {
		return nil, err
	}
	if err := restrict(path); err != nil {
		return nil, err
	}
	return openFile(ctx, path, o)
}

// check refuses a file that is damaged or no ledger of ours, without a change to
// it. It is called under the lock.
func check(ctx context.Context, path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return refusePath(err)
	}
	open := openReadOnly
	if settled(path) {
		open = openSettled
	}
	r, err := open(ctx, path)
	if err != nil {
		return err
	}
	defer r.Close()
	if info.Size() <= checkLimit {
		var verdict string
		if err := r.db.QueryRowContext(ctx, `PRAGMA quick_check(1)`).Scan(&verdict); err != nil {
			return refuseFile(err)
		}
		if verdict != "ok" {
			return refuse(migrate.Failed, damagedHint, "it is damaged: %s", verdict)
		}
	}
	s, err := inspect(ctx, r.db)
	if err != nil || s.version == 0 || s.version >= uniqueTargets {
		return err
	}
	return sharedTarget(ctx, r)
}

func openFile(ctx context.Context, path string, o options) (*Ledger, error) {
	db, err := connect(path, url.Values{
		"mode": {"rw"},
		"_pragma": {
			"busy_timeout(5000)",
			"journal_mode(WAL)",
			"synchronous(FULL)",
			"journal_size_limit(16777216)",
		},
	})
	if err != nil {
		return nil, err
	}
	if err := upgrade(ctx, db); err != nil {
		return nil, errors.Join(refuseFile(err), db.Close())
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, errors.Join(refuseFile(err), db.Close())
	}
	newest, err := newestVersion()
	if err != nil {
		return nil, errors.Join(err, conn.Close(), db.Close())
	}
	at, err := placed(path)
	if err != nil {
		return nil, errors.Join(err, conn.Close(), db.Close())
	}
	g := newGroup(conn, o, at.check)
	l := &Ledger{Reader: &Reader{rows: g.read, db: db, version: newest, place: at}, group: g, channels: map[string]int64{}}
	l.shut = sync.OnceValue(l.close)
	return l, nil
}

// remove takes away a ledger that was made and could not be opened.
func remove(path string) error {
	var errs []error
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
		if err := os.Remove(path + suffix); !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// Sync makes everything put so far survive a crash.
func (l *Ledger) Sync(ctx context.Context) error {
	return fault("sync ledger", "", l.group.sync(ctx))
}

// Close syncs, closes the file and lets another process in. Called again it
// gives the same answer. Every other method fails afterwards.
func (l *Ledger) Close() error { return l.shut() }

func (l *Ledger) close() error {
	err := l.group.close()
	return fault("close ledger", "", errors.Join(err, l.db.Close(), l.lock.release()))
}
