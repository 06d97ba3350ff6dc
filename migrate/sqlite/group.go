package sqlite

import (
	"context"
	"database/sql"
	"sync"
	"time"
)

// Defaults of Group.
const (
	// groupInterval is how much a crash may lose.
	groupInterval = 250 * time.Millisecond
	// groupRows keeps a transaction small enough to stay in SQLite's page cache,
	// and large enough that waiting for the disk does not show.
	groupRows = 2000
)

// group is the writing connection and the transaction that is open on it.
//
// Its statements are never canceled in the middle: SQLite answers an
// interrupted write by rolling back the whole transaction, which would lose puts
// that were already accepted. A context is looked at before a statement starts.
type group struct {
	options
	there func() error // whether the file is still where it was opened

	mu         sync.Mutex
	conn       *sql.Conn
	statements map[string]*sql.Stmt
	pending    int   // puts in the open transaction; 0 means that none is open
	failed     error // why no more puts are accepted

	wake chan struct{} // a group was begun
	stop chan struct{}
	done sync.WaitGroup
}

func newGroup(conn *sql.Conn, o options, there func() error) *group {
	g := &group{
		options:    o,
		there:      there,
		conn:       conn,
		statements: map[string]*sql.Stmt{},
		wake:       make(chan struct{}, 1),
		stop:       make(chan struct{}),
	}
	g.done.Go(g.commitInTime)
	return g
}

// commitInTime commits each group within the interval after it was begun. Its
// errors stay in failed for the next caller.
func (g *group) commitInTime() {
	for {
		select {
		case <-g.stop:
			return
		case <-g.wake:
		}
		timer := time.NewTimer(g.every)
		select {
		case <-g.stop:
			timer.Stop()
			return
		case <-timer.C:
		}
		g.mu.Lock()
		_ = g.commit()
		g.mu.Unlock()
	}
}

// put runs write inside the open transaction. write runs under the lock and may
// use exec and queryRow.
func (g *group) put(ctx context.Context, write func(context.Context) error) error {
	return g.write(ctx, write, false)
}

// putDurable returns when what write wrote would survive a crash.
func (g *group) putDurable(ctx context.Context, write func(context.Context) error) error {
	return g.write(ctx, write, true)
}

func (g *group) write(ctx context.Context, write func(context.Context) error, durable bool) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.failed != nil {
		return g.failed
	}
	if g.pending == 0 {
		if err := g.exec(ctx, `BEGIN IMMEDIATE`); err != nil {
			return g.fail(err)
		}
	}
	g.pending++
	if err := write(ctx); err != nil {
		return g.fail(err)
	}
	if durable && g.lasting || g.pending >= g.rows {
		return g.commit()
	}
	select {
	case g.wake <- struct{}{}:
	default:
	}
	return nil
}

// sync commits what is pending.
func (g *group) sync(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.commit()
}

// commit is called under the lock.
func (g *group) commit() error {
	if g.failed != nil || g.pending == 0 {
		return g.failed
	}
	if err := g.exec(context.Background(), `COMMIT`); err != nil {
		return g.fail(err)
	}
	g.pending = 0
	// After the commit: what was put is in the file, whoever has it now.
	g.failed = g.there()
	return g.failed
}

// fail gives up the open transaction and every later put: to go on after losing
// some would leave a hole in the middle.
func (g *group) fail(err error) error {
	g.failed = err
	// SQLite may have rolled back by itself, and then this is an error.
	_, _ = g.conn.ExecContext(context.Background(), `ROLLBACK`)
	return err
}

// read hands each row to scan. Every row is read under the lock, so scan must
// not call back.
func (g *group) read(ctx context.Context, query string, args []any, scan func(*sql.Rows) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.conn == nil {
		return errClosed
	}
	s, err := g.prepare(ctx, query)
	if err != nil {
		return err
	}
	rows, err := s.QueryContext(ctx, args...)
	return each(rows, err, scan)
}

func (g *group) exec(ctx context.Context, query string, args ...any) error {
	s, err := g.prepare(ctx, query)
	if err != nil {
		return err
	}
	_, err = s.ExecContext(ctx, args...)
	return err
}

func (g *group) queryRow(ctx context.Context, query string, args []any, destinations ...any) error {
	s, err := g.prepare(ctx, query)
	if err != nil {
		return err
	}
	return s.QueryRowContext(ctx, args...).Scan(destinations...)
}

func (g *group) prepare(ctx context.Context, query string) (*sql.Stmt, error) {
	if s, ok := g.statements[query]; ok {
		return s, nil
	}
	s, err := g.conn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	g.statements[query] = s
	return s, nil
}

// close commits what is pending and ends the connection's use. Nothing may be
// called afterwards but what then fails with errClosed.
func (g *group) close() error {
	close(g.stop)
	g.done.Wait()
	g.mu.Lock()
	defer g.mu.Unlock()
	err := g.commit()
	for _, s := range g.statements {
		_ = s.Close()
	}
	_ = g.conn.Close()
	g.conn = nil
	g.failed = errClosed
	return err
}
