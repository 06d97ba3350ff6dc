package postgres

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/jackc/pgx/v5"

	"chatbridge/migrate"
)

// rights are what entitles a writer to commit. Another kind of them can let many
// writers work on one migration.
type rights interface {
	// take asks for them on a new session, and says how many groups this writer has
	// committed. It is called when the ledger is opened and whenever it has connected
	// again; by then the session before has ended, and its last commit with it. An error
	// that is no *migrate.Error says to try again.
	take(ctx context.Context, conn *pgx.Conn) (committed int64, err error)
	// check makes sure of them inside a transaction that is about to commit a group,
	// and counts it. An error keeps the transaction from being committed.
	check(ctx context.Context, tx *pgx.Conn, group int64) error
	// give lets go of them.
	give(ctx context.Context, conn *pgx.Conn) error
}

// sole are the rights of the one writer of a migration: an advisory lock of the session,
// and the row in writers that names it.
type sole struct {
	migration int32
	token     []byte
	backend   uint32 // process of the server that had the lock last; 0 before the first
}

func newSole(migration int32) *sole {
	token := make([]byte, 16)
	_, _ = rand.Read(token) // never fails
	return &sole{migration: migration, token: token}
}

// errStillHeld says that the server has not noticed yet that our last session is gone.
var errStillHeld = errors.New("the session that was lost still has the lock")

func (s *sole) take(ctx context.Context, conn *pgx.Conn) (int64, error) {
	if taken, err := s.lock(ctx, conn); err != nil {
		return 0, err
	} else if !taken {
		return 0, s.held(ctx, conn)
	}
	first := s.backend == 0
	s.backend = conn.PgConn().PID()
	if first {
		return 0, s.sign(ctx, conn)
	}
	var committed int64
	err := conn.QueryRow(ctx, `SELECT committed FROM chatbridge.writers WHERE migration_id = $1 AND token = $2`, s.migration, s.token).Scan(&committed)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, errTaken
	}
	return committed, err
}

// The session of a process that was killed a moment ago can be there still.
const (
	lockAttempts    = 5
	betweenAttempts = 50 * time.Millisecond
)

func (s *sole) lock(ctx context.Context, conn *pgx.Conn) (taken bool, err error) {
	for attempt := range lockAttempts {
		if attempt > 0 {
			if err := sleep(ctx, betweenAttempts); err != nil {
				return false, err
			}
		}
		err := conn.QueryRow(ctx, `SELECT pg_try_advisory_lock($1, $2)`, lockClass, s.migration).Scan(&taken)
		if err != nil || taken {
			return taken, err
		}
	}
	return false, nil
}

// holders are the sessions that have a lock, by its two numbers.
const holders = `SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted
	AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND classid = $1 AND objid = $2 AND objsubid = 2`

// held says who has the lock. If it is our own lost session, that is ended first.
func (s *sole) held(ctx context.Context, conn *pgx.Conn) error {
	if s.backend != 0 {
		var ended bool
		err := conn.QueryRow(ctx, `SELECT coalesce(bool_or(pg_terminate_backend(pid)), false) FROM (`+holders+`) AS holding WHERE pid = $3`,
			int64(lockClass), int64(s.migration), int64(s.backend)).Scan(&ended)
		if err != nil {
			return err
		}
		if ended {
			return errStillHeld
		}
	}
	return inUse(ctx, conn, s.migration)
}

// inUse names the writer of a migration.
func inUse(ctx context.Context, conn querier, migration int32) error {
	var pid int64
	var host string
	var since time.Time
	err := conn.QueryRow(ctx, `SELECT pid, host, since FROM chatbridge.writers WHERE migration_id = $1 ORDER BY since DESC LIMIT 1`, migration).Scan(&pid, scanText(&host), &since)
	who := "another process"
	switch {
	case err == nil:
		who = fmt.Sprintf("process %d on %s since %s", pid, host, since.UTC().Format(time.RFC3339))
	case !errors.Is(err, pgx.ErrNoRows):
		return err
	}
	return refuse(migrate.Conflict, "wait for it to end, or stop it; chatbridge status shows how far it is", "it is in use by %s", who)
}

// errTaken says that another writer was here since.
var errTaken = &migrate.Error{
	Op: "keep ledger", Kind: migrate.Conflict,
	Err:  errors.New("another process took the ledger over while this one had no connection to it"),
	Hint: "let that one go on, or stop it and run chatbridge migrate again: it resumes",
}

// sign names this process as the one writer. Whoever is named still, was killed.
func (s *sole) sign(ctx context.Context, conn *pgx.Conn) error {
	host, err := os.Hostname()
	if err != nil {
		host = "an unnamed host"
	}
	_, err = conn.Exec(ctx, `WITH gone AS (DELETE FROM chatbridge.writers WHERE migration_id = $1)
		INSERT INTO chatbridge.writers (migration_id, token, host, pid) VALUES ($1, $2, $3, $4)`, s.migration, s.token, packText(host), int64(os.Getpid()))
	return err
}

func (s *sole) check(ctx context.Context, tx *pgx.Conn, group int64) error {
	counted, err := tx.Exec(ctx, `UPDATE chatbridge.writers SET committed = $3 WHERE migration_id = $1 AND token = $2 AND committed = $3 - 1`, s.migration, s.token, group)
	if err == nil && counted.RowsAffected() != 1 {
		err = errTaken
	}
	return err
}

func (s *sole) give(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.Exec(ctx, `DELETE FROM chatbridge.writers WHERE migration_id = $1 AND token = $2`, s.migration, s.token)
	if err != nil {
		return err
	}
	// The server ends a session a moment after it was closed; the next writer may come
	// before that.
	_, err = conn.Exec(ctx, `SELECT pg_advisory_unlock($1, $2)`, lockClass, s.migration)
	return err
}
