package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/jackc/pgx/v5/pgconn"

	"chatbridge/migrate"
)

var errClosed = errors.New("ledger is closed")

// Codes of PostgreSQL's errors (its manual, appendix A) that something follows from.
const (
	wrongAuthorization = "28000"
	wrongPassword      = "28P01"
	noDatabase         = "3D000"
	noSchema           = "3F000"
	noTable            = "42P01"
	noRight            = "42501"
	readOnly           = "25006"
	tooManyConnections = "53300"
	diskFull           = "53100"
	statementExists    = "42P05"
	statementMissing   = "26000"
	serialization      = "40001"
	deadlock           = "40P01"
	shutdown           = "57P01"
	crashShutdown      = "57P02"
	starting           = "57P03"
	idleSession        = "57P05"
)

// codeOf is PostgreSQL's code of an error, and empty if the error is not the server's.
func codeOf(err error) string {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code
	}
	return ""
}

// passing reports whether the server refused for a reason that goes away.
func passing(code string) bool {
	switch code {
	case serialization, deadlock, shutdown, crashShutdown, starting, idleSession, tooManyConnections, readOnly:
		return true
	}
	return len(code) == 5 && code[:2] == "08" // connection exceptions
}

// fault makes err an *migrate.Error of the operation on the SID.
func fault(op, sid string, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, errTaken) {
		return errTaken // says what became of the run, whatever it was about to put
	}
	e := &migrate.Error{Op: op, SID: sid, Kind: migrate.Failed, Err: err}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		e.Kind = migrate.Interrupted
		return e
	}
	if inner, ok := errors.AsType[*migrate.Error](err); ok {
		e.Kind = inner.Kind
		return e
	}
	e.Kind, e.Hint = meaning(err)
	return e
}

const again = ", then run chatbridge migrate again: it resumes"

// meaning is what follows from an error of a statement on an open ledger.
func meaning(err error) (migrate.Kind, string) {
	switch code := codeOf(err); code {
	case diskFull:
		return migrate.Failed, "free some disk space on the database server" + again
	case noRight:
		return migrate.Usage, "give the role the rights that it lacks" + again
	case noTable, noSchema:
		return migrate.Conflict, "somebody removed tables of the schema chatbridge; restore them, or start with another --migration: what was migrated is recognized in the target"
	case statementExists, statementMissing:
		return migrate.Usage, poolerHint
	case "":
		if unreachable(err) {
			return migrate.Unavailable, reachHint + again
		}
	default:
		if passing(code) {
			return migrate.Unavailable, "wait until the database server is back" + again
		}
	}
	return migrate.Failed, ""
}

// unreachable reports whether err is of the connection and not of what went over it. A
// server that dies ends it without a word.
func unreachable(err error) bool {
	var network net.Error
	_, connecting := errors.AsType[*pgconn.ConnectError](err)
	ended := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
	return ended || connecting || errors.As(err, &network) || pgconn.SafeToRetry(err)
}

const (
	reachHint  = "check the host and the port of --ledger, and that the server accepts connections from here"
	poolerHint = "connect to the server itself, or to a pool in session mode: a ledger needs one session for as long as it is open"
)

// refuse is an error of opening a ledger.
func refuse(kind migrate.Kind, hint, format string, args ...any) error {
	return &migrate.Error{Op: "open ledger", Kind: kind, Hint: hint, Err: fmt.Errorf(format, args...)}
}
