package queue

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"chatbridge/migrate"
)

// SQLSTATEs that have a hint of their own.
const (
	insufficientPrivilege = "42501"
	noStatement           = "26000" // a prepared statement that another session has
	statementExists       = "42P05"
)

// passing are classes of SQLSTATE, and codes, that say that another attempt may succeed:
// connection, conflict of transactions, resources, shutdown; and a server that only lets
// itself be read, as one does that another is about to take over from.
var passing = []string{"08", "40", "53", "57", "25006"}

// failed is an error for people. It keeps an error that is one already.
func (q *Queue) failed(op string, err error) error {
	if err == nil {
		return nil
	}
	e := &migrate.Error{Op: op, Err: err}
	if _, ok := errors.AsType[*migrate.Error](err); ok {
		e.Kind = migrate.KindOf(err)
		return e
	}
	answer, answered := errors.AsType[*pgconn.PgError](err)
	switch {
	case errors.Is(err, context.Canceled):
		e.Kind = migrate.Interrupted
	case !answered || slices.ContainsFunc(passing, func(class string) bool { return strings.HasPrefix(answer.Code, class) }):
		e.Kind = migrate.Unavailable
		e.Hint = "check that PostgreSQL is up and reachable from here; running the same command again joins the work that was asked for"
	case answer.Code == insufficientPrivilege:
		e.Kind = migrate.Usage
		e.Hint = q.grants()
	case answer.Code == noStatement || answer.Code == statementExists:
		e.Kind = migrate.Usage
		e.Hint = "PgBouncer in transaction mode keeps no prepared statements: add default_query_exec_mode=exec to the URL of the ledger, or connect to PostgreSQL itself"
	}
	return e
}

// grants is the statement that gives the role what it lacks.
func (q *Queue) grants() string {
	c := q.pool.Config().ConnConfig
	return fmt.Sprintf("connect as the role that made the ledger; it needs the right to make the schema %s: GRANT CREATE ON DATABASE %s TO %s;",
		q.options.Schema, pgx.Identifier{c.Database}.Sanitize(), pgx.Identifier{c.User}.Sanitize())
}
