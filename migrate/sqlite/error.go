package sqlite

import (
	"context"
	"errors"
	"fmt"

	driver "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"chatbridge/migrate"
)

var errClosed = errors.New("ledger is closed")

// primary is the mask that takes a result code to its primary code.
const primary = 0xff

// fault makes err an *migrate.Error of the operation on the SID.
func fault(op, sid string, err error) error {
	if err == nil {
		return nil
	}
	e := &migrate.Error{Op: op, SID: sid, Kind: migrate.Failed, Err: err}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		e.Kind = migrate.Interrupted
		return e
	}
	if inner, ok := errors.AsType[*migrate.Error](err); ok {
		e.Kind = inner.Kind
	}
	if migrate.HintOf(err) == "" {
		e.Hint = hint(resultCode(err))
	}
	return e
}

// resultCode is SQLite's primary result code, and 0 where err is not SQLite's.
func resultCode(err error) int {
	if s, ok := errors.AsType[*driver.Error](err); ok {
		return s.Code() & primary
	}
	return 0
}

func hint(code int) string {
	switch code {
	case lib.SQLITE_FULL:
		return "free some disk space, then run chatbridge migrate again: it resumes"
	case lib.SQLITE_READONLY, lib.SQLITE_PERM, lib.SQLITE_CANTOPEN:
		return "make the ledger and its folder writable, then run chatbridge migrate again: it resumes"
	case lib.SQLITE_IOERR:
		return "check the disk that holds the ledger and its free space, then run chatbridge migrate again: it resumes"
	case lib.SQLITE_CORRUPT, lib.SQLITE_NOTADB:
		return damagedHint
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED:
		return "close the other program that has the ledger open for writing"
	default:
		return ""
	}
}

const damagedHint = "keep the file for inspection and start with another --ledger: what was migrated is recognized in the target"

// refuse is an error of opening the ledger at path.
func refuse(kind migrate.Kind, hint, format string, args ...any) error {
	return &migrate.Error{Op: "open ledger", Kind: kind, Hint: hint, Err: fmt.Errorf(format, args...)}
}
