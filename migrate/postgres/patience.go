package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"chatbridge/migrate"
)

const (
	// patience is how long a lost connection is waited for: longer than a failover or a
	// restart takes.
	patience = 10 * time.Minute
	// The first try comes after leastPause; each pause is twice the one before.
	leastPause = 100 * time.Millisecond
	mostPause  = 5 * time.Second
)

// awaited is what whoever waits for the server waits for.
const awaited = "the database of the ledger"

// lostHint says what is lost with a connection, which is nothing.
const lostHint = "check the database server" + again

// persist does work on the writing session until it is done, refused, or the server is
// away for too long. After each loss the rights are asked for again, and what the
// group lost with the session is sent again by work.
func (g *group) persist(ctx context.Context, work func(context.Context) error) error {
	err := g.patiently(ctx, g.outage, func(ctx context.Context) error {
		ctx, end := context.WithTimeout(ctx, answerWithin)
		defer end()
		if g.conn == nil {
			if err := g.reconnect(ctx); err != nil {
				return err
			}
		}
		err := work(ctx)
		if err != nil && (g.conn.IsClosed() || passing(codeOf(err))) {
			g.drop()
			if g.whole {
				return errLostWhole(err)
			}
			return lostError{err}
		}
		return err
	})
	if err == nil || ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return err // what is pending is kept, and sent with the next
	}
	return g.fail(err)
}

// reconnect opens a session with the rights to write. If the last commit had no answer,
// it is known afterwards whether it took place.
func (g *group) reconnect(ctx context.Context) error {
	conn, err := connect(ctx, g.config)
	if err != nil {
		if code := codeOf(err); code != "" && !passing(code) {
			return refuseConnection(g.config, err)
		}
		return lostError{err}
	}
	committed, err := g.rights.take(ctx, conn)
	if err != nil {
		closeSession(conn)
		if _, final := errors.AsType[*migrate.Error](err); final {
			return err
		}
		return lostError{err}
	}
	g.conn = conn
	if committed == g.number+1 {
		g.committed()
	}
	return nil
}

// drop gives up the session. The open transaction is gone with it; the puts are not.
func (g *group) drop() {
	closeSession(g.conn)
	g.conn, g.begun, g.sent = nil, false, 0
}

// lostError is an error of the connection, after which it is worth trying again.
type lostError struct{ error }

func (e lostError) Unwrap() error { return e.error }

// patiently does work again for as long as it loses its connection, and no longer than
// patience allows. Work is not canceled with ctx; the waiting is. The outage, if any, is
// told of it.
func (g *group) patiently(ctx context.Context, o *outage, work func(context.Context) error) error {
	uncanceled := context.WithoutCancel(ctx)
	err := work(uncanceled)
	if !lost(err) {
		return err
	}
	over := migrate.Held(ctx, migrate.Unreachable, awaited)
	defer over()
	o.begun(g.tell, err)
	g.pool.Reset() // or each of its sessions would be found dead, one after the other
	until := time.Now().Add(g.patience)
	for pause := leastPause; lost(err); pause = min(2*pause, mostPause) {
		if !time.Now().Before(until) {
			return &migrate.Error{Op: "reach ledger", Kind: migrate.Unavailable, Hint: lostHint,
				Err: fmt.Errorf("no connection to its database for %v: %v", g.patience, reason(err))}
		}
		if werr := g.pause(ctx, pause); werr != nil {
			return werr
		}
		err = work(uncanceled)
	}
	o.ended(g.tell)
	return err
}

// lost reports whether a read or a write failed with its connection only.
func lost(err error) bool {
	if err == nil {
		return false
	}
	if _, known := errors.AsType[lostError](err); known {
		return true
	}
	if _, ours := errors.AsType[*migrate.Error](err); ours || errors.Is(err, errClosed) {
		return false
	}
	code := codeOf(err)
	return passing(code) || code == "" && unreachable(err)
}
