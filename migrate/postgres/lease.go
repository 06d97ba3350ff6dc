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
	"chatbridge/migrate/internal/lease"
)

// DefaultLease is how long a writer that is gone keeps others out.
const DefaultLease = 20 * time.Second

// watchEvery is how often a lease is looked at that may be of a dead process.
const watchEvery = time.Second

// LeaseLength sets how long the lease lasts without a renewal. Defaults to
// DefaultLease.
func LeaseLength(d time.Duration) Option { return func(o *options) { o.lease = d } }

// Holder sets the name by which others see who has the ledger. Defaults to the host.
func Holder(name string) Option { return func(o *options) { o.holder = name } }

// leasing entitles a writer to commit: its token stands in the row of the migration.
// Whoever takes the lease puts another one there.
type leasing struct {
	options
	migration int32
	config    *pgx.ConnConfig
	token     []byte
	taken     bool
	keeper    *lease.Keeper

	// The writing session, by its process on the server and when that began.
	backend uint32
	began   time.Time

	// conn is the session of the renewals, which wait for nothing else; nil while there
	// is none. Renewals come one at a time.
	conn *pgx.Conn
	// promoted is when a renewal first came to another server than the one that granted
	// the lease, or renewed it last.
	promoted time.Time
}

func newLeasing(o options, migration int32, config *pgx.ConnConfig) *leasing {
	token := make([]byte, 16)
	_, _ = rand.Read(token) // never fails
	return &leasing{options: o, migration: migration, config: config, token: token}
}

// begin takes the lease and keeps it. If another process has it that renews it, the
// error has Kind Conflict.
func (l *leasing) begin(ctx context.Context, conn *pgx.Conn) (err error) {
	l.keeper, err = lease.Take(ctx, l.lease, func(ctx context.Context) (migrate.Handover, error) { return l.grant(ctx, conn) }, l.renew)
	l.taken = err == nil
	return err
}

// row is what the table says of the lease.
type row struct {
	generation int64
	timeline   int64
	ended      bool
	left       float64 // seconds until it is over, below 0 if it is
	length     int64   // milliseconds
	renewed    time.Time
	who        holder
}

type holder struct {
	name, host string
	pid        int64
	since      time.Time
}

func (h holder) String() string {
	name := ""
	if h.name != h.host {
		name = h.name + ", "
	}
	return fmt.Sprintf("%sprocess %d on %s since %s", name, h.pid, h.host, h.since.UTC().Format(time.RFC3339))
}

const leaseColumns = `SELECT generation, timeline, ended, extract(epoch FROM expires_at - clock_timestamp())::float8, length_ms, renewed_at, holder, host, pid, taken_at
	FROM chatbridge.leases WHERE migration_id = $1`

func readLease(ctx context.Context, q querier, migration int32, lock string) (r row, err error) {
	err = q.QueryRow(ctx, leaseColumns+lock, migration).Scan(&r.generation, &r.timeline, &r.ended, &r.left, &r.length, &r.renewed, scanText(&r.who.name), scanText(&r.who.host), &r.who.pid, &r.who.since)
	return r, err
}

// grant waits for the lease of a process that is gone, and takes it.
func (l *leasing) grant(ctx context.Context, conn *pgx.Conn) (before migrate.Handover, err error) {
	now, err := timeline(ctx, conn)
	if err != nil {
		return before, err
	}
	var promoted time.Time // when the lease is over that a server which is gone may have granted
	r, err := l.watch(ctx, func() (r row, taken bool, err error) {
		if r, err = readLease(ctx, conn, l.migration, ""); err == nil && r.generation > 0 && r.timeline != now && r.timeline*now > 0 {
			if promoted.IsZero() {
				promoted = time.Now().Add(max(l.lease, time.Duration(r.length)*time.Millisecond))
			}
			if left := time.Until(promoted); left > 0 {
				r.left, r.ended = left.Seconds(), false
				return r, false, nil
			}
		} else if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return r, false, err
		}
		return l.try(ctx, conn, now)
	})
	if err != nil || r.generation == 0 {
		return before, err
	}
	if !promoted.IsZero() {
		r.ended, r.left = false, 0
	}
	return migrate.Handover{
		At: time.Now().Add(time.Duration(r.left * float64(time.Second))), Expired: !r.ended, Length: time.Duration(r.length) * time.Millisecond,
	}, nil
}

// watch returns when the lease is over, or fails with Kind Conflict if it is renewed.
func (l *leasing) watch(ctx context.Context, look func() (r row, over bool, err error)) (row, error) {
	var seen *row
	for {
		r, over, err := look()
		switch {
		case err != nil || over:
			return r, err
		case seen == nil:
			l.tell(migrate.Event{
				Level: migrate.Notice, Message: "another process has the ledger: waiting to see whether it is alive",
				Fields: []any{"holder", r.who.String(), migrate.KeyWait, time.Duration(r.left * float64(time.Second)).Round(time.Millisecond)},
			})
			seen = &r
		case seen.generation != r.generation || !seen.renewed.Equal(r.renewed):
			return r, inUse(r.who)
		}
		left := time.Duration(max(r.left, 0.01) * float64(time.Second))
		if err := l.pause(ctx, min(left, watchEvery, time.Duration(r.length)*time.Millisecond/6)); err != nil {
			return r, err
		}
	}
}

// timeline is that of the server: another one when a standby took over, which may not
// have had the last that was granted. It is 0 if the role may not ask.
func timeline(ctx context.Context, conn querier) (id int64, err error) {
	err = conn.QueryRow(ctx, `SELECT timeline_id FROM pg_control_checkpoint()`).Scan(&id)
	if codeOf(err) == noRight {
		return 0, nil
	}
	return id, err
}

// try takes the lease if it is over, and says what it was.
func (l *leasing) try(ctx context.Context, conn *pgx.Conn, timeline int64) (r row, taken bool, err error) {
	tx, err := conn.Begin(ctx)
	if err != nil {
		return r, false, err
	}
	defer func() { _ = tx.Rollback(ctx) }() // of what was committed, it does nothing
	if _, err := tx.Exec(ctx, `INSERT INTO chatbridge.leases (migration_id) VALUES ($1) ON CONFLICT DO NOTHING`, l.migration); err != nil {
		return r, false, err
	}
	if r, err = readLease(ctx, tx, l.migration, " FOR UPDATE"); err != nil {
		return r, false, err
	}
	if !r.ended && r.left > 0 {
		return r, false, nil
	}
	host, err := os.Hostname()
	if err != nil {
		host = "an unnamed host"
	}
	name := l.holder
	if name == "" {
		name = host
	}
	_, err = tx.Exec(ctx, `UPDATE chatbridge.leases SET generation = generation + 1, token = $2, holder = $3, host = $4, pid = $5, length_ms = $6, timeline = $8,
		taken_at = clock_timestamp(), renewed_at = clock_timestamp(), expires_at = clock_timestamp() + make_interval(secs => $7), ended = false, committed = 0 WHERE migration_id = $1`,
		l.migration, l.token, packText(name), packText(host), int64(os.Getpid()), l.lease.Milliseconds(), l.lease.Seconds(), timeline)
	if err != nil {
		return r, false, err
	}
	return r, true, tx.Commit(ctx)
}

// inUse names the writer of a migration.
func inUse(who holder) error {
	return refuse(migrate.Conflict, "wait for it to end, or stop it; chatbridge status shows how far it is", "%w by %s", migrate.ErrInUse, who)
}

// errTaken says that another writer was here since.
var errTaken = &migrate.Error{
	Op: "keep ledger", Kind: migrate.Conflict,
	Err:  errors.New("another process took the ledger over while this one had no connection to it"),
	Hint: "let that one go on, or stop it and run chatbridge migrate again: it resumes",
}

// renew is of the keeper. A lease that is over and that nobody took goes on.
func (l *leasing) renew(ctx context.Context) error {
	if l.conn == nil {
		conn, err := connect(ctx, l.config)
		if err != nil {
			return err
		}
		l.conn = conn
	}
	if err := l.prolong(ctx); err != nil {
		if !errors.Is(err, errPromoted) && !errors.Is(err, errTaken) {
			closeSession(l.conn)
			l.conn = nil
		}
		return err
	}
	return nil
}

// prolong is renew on the session that is there.
func (l *leasing) prolong(ctx context.Context) error {
	var granted int64
	err := l.conn.QueryRow(ctx, `SELECT timeline FROM chatbridge.leases WHERE migration_id = $1 AND token = $2`, l.migration, l.token).Scan(&granted)
	if errors.Is(err, pgx.ErrNoRows) {
		return errTaken
	}
	if err != nil {
		return err
	}
	now, err := timeline(ctx, l.conn)
	if err != nil {
		return err
	}
	if now != granted && now*granted > 0 {
		// The server may not know of a lease that its predecessor granted to another process.
		if l.promoted.IsZero() {
			l.promoted = time.Now()
		}
		if time.Since(l.promoted) < l.lease {
			return errPromoted
		}
	}
	done, err := l.conn.Exec(ctx, `UPDATE chatbridge.leases SET renewed_at = clock_timestamp(), expires_at = clock_timestamp() + make_interval(secs => $3), timeline = $4
		WHERE migration_id = $1 AND token = $2`, l.migration, l.token, l.lease.Seconds(), now)
	if err != nil {
		return err
	}
	if done.RowsAffected() != 1 {
		return errTaken
	}
	l.promoted = time.Time{}
	return nil
}

// errPromoted lets the lease lapse for as long as another may last.
var errPromoted = errors.New("a standby took over, and a lease that it does not know of may last")

// take is of rights: after a lost connection it says what was committed.
func (l *leasing) take(ctx context.Context, conn *pgx.Conn) (committed int64, err error) {
	if !l.taken {
		err = l.begin(ctx, conn)
	} else {
		err = l.end(ctx, conn)
	}
	if err != nil {
		return 0, err
	}
	err = conn.QueryRow(ctx, `SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()`).Scan(&l.backend, &l.began)
	if err != nil {
		return 0, err
	}
	err = conn.QueryRow(ctx, `SELECT committed FROM chatbridge.leases WHERE migration_id = $1 AND token = $2`, l.migration, l.token).Scan(&committed)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, l.lost()
	}
	return committed, err
}

// errStillThere says that the server has not noticed yet that our last session is gone.
var errStillThere = errors.New("the session that was lost is still there")

// end ends the session before, of which the server may not know that it was lost: it may
// have a transaction open, and even commit it.
func (l *leasing) end(ctx context.Context, conn *pgx.Conn) error {
	const ending = `SELECT coalesce(bool_or(pg_terminate_backend(pid)), false) FROM pg_stat_activity WHERE pid = $1 AND backend_start = $2`
	for range endAttempts {
		var there bool
		if err := conn.QueryRow(ctx, ending, int64(l.backend), l.began).Scan(&there); err != nil || !there {
			return err
		}
		if err := sleep(ctx, betweenAttempts); err != nil {
			return err
		}
	}
	return errStillThere
}

// A session that is ended is gone a moment later.
const (
	endAttempts     = 20
	betweenAttempts = 10 * time.Millisecond
)

// check is of rights.
func (l *leasing) check(ctx context.Context, tx *pgx.Conn, group int64) error {
	counted, err := tx.Exec(ctx, `UPDATE chatbridge.leases SET committed = $3 WHERE migration_id = $1 AND token = $2 AND committed = $3 - 1`, l.migration, l.token, group)
	if err == nil && counted.RowsAffected() != 1 {
		err = l.lost()
	}
	return err
}

func (l *leasing) lost() error {
	l.keeper.Lose(errTaken)
	return errTaken
}

// give is of rights: the next one need not wait.
func (l *leasing) give(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.Exec(ctx, `UPDATE chatbridge.leases SET ended = true, token = '', expires_at = clock_timestamp() WHERE migration_id = $1 AND token = $2`, l.migration, l.token)
	return err
}

// stop ends the renewals.
func (l *leasing) stop() {
	if l.keeper != nil {
		l.keeper.Stop()
	}
	if l.conn != nil {
		closeSession(l.conn)
		l.conn = nil
	}
}
