package postgres

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"chatbridge/migrate"
)

// Defaults of Group.
const (
	// groupInterval is how much a crash may lose.
	groupInterval = 250 * time.Millisecond
	// groupRows keeps what has to be sent again after a lost connection small, and is
	// large enough that waiting for the server's disk does not show.
	groupRows = 2000
	// groupBytes bounds the memory of a group whose rows are large: originals of texts
	// and attributes.
	groupBytes = 4 << 20
)

// closeWithin is how long Close waits for a server that is away.
const closeWithin = 15 * time.Second

// answerWithin is how long the server may take over what is sent to it; then the
// connection counts as lost.
const answerWithin = 2 * time.Minute

// group is the writing session, and what was put since the last commit.
//
// A statement that was sent is never canceled: that would end the transaction, and with
// it puts that were accepted already. A context is looked at before, and while a lost
// connection is waited for.
type group struct {
	options
	migration int32
	config    *pgx.ConnConfig
	rights    rights
	pool      *pgxpool.Pool // of sessions that read

	turn    chan struct{} // holds a token while nobody has the group
	conn    *pgx.Conn     // nil while there is none
	list    []*statement  // since the last commit, in order
	sent    int           // how many of them are in the open transaction
	begun   bool          // a transaction is open
	puts    int           // since the last commit
	bytes   int           // of texts and bytes in them
	number  int64         // of the groups that were committed
	failed  error         // why no more puts are accepted
	keeping bool          // the one transaction of a whole is committed

	wake       chan struct{} // a group was begun
	background context.Context
	end        context.CancelFunc
	done       chan struct{}
}

// start commits in time what is put from now on.
func (g *group) start() {
	g.turn, g.wake, g.done = make(chan struct{}, 1), make(chan struct{}, 1), make(chan struct{})
	g.turn <- struct{}{}
	g.background, g.end = context.WithCancel(context.Background())
	go g.commitInTime()
}

// commitInTime commits each group within the interval after it was begun. Its
// errors stay in failed for the next caller.
func (g *group) commitInTime() {
	defer close(g.done)
	for {
		select {
		case <-g.background.Done():
			return
		case <-g.wake:
		}
		timer := time.NewTimer(g.every)
		select {
		case <-g.background.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
		_ = g.sync(g.background)
	}
}

// enter waits for the group, and leave lets go of it. Whoever waits behind one that
// waits for the server makes no progress, and is not stalled.
func (g *group) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case <-g.turn:
		return nil
	default:
	}
	wait := migrate.Queued
	if g.outage.lasts() {
		wait = func(ctx context.Context) func() { return migrate.Held(ctx, migrate.Unreachable, awaited) }
	}
	defer wait(ctx)()
	select {
	case <-g.turn:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (g *group) leave() { g.turn <- struct{}{} }

// put adds statements to the group. If it is durable it returns when they would survive
// a crash.
func (g *group) put(ctx context.Context, durable bool, change func(*group)) error {
	if err := g.enter(ctx); err != nil {
		return err
	}
	defer g.leave()
	return g.accept(ctx, durable, change)
}

// accept is put for whoever has the group.
func (g *group) accept(ctx context.Context, durable bool, change func(*group)) error {
	if g.failed != nil {
		return g.failed
	}
	change(g)
	g.puts++
	if g.whole {
		return g.forward(ctx)
	}
	if durable || g.full() {
		return g.commit(ctx)
	}
	select {
	case g.wake <- struct{}{}:
	default:
	}
	return nil
}

// full reports whether what is pending is as much as goes together.
func (g *group) full() bool { return g.puts >= g.rows || g.bytes >= groupBytes }

// forward sends what was put into the one transaction, and forgets it.
func (g *group) forward(ctx context.Context) error {
	if !g.full() {
		return nil
	}
	err := g.persist(ctx, g.send)
	g.list, g.sent, g.puts, g.bytes = nil, 0, 0, 0
	return err
}

// putRows and change are what a change may call.
func (g *group) putRows(t *table, rows [][]any) {
	for _, row := range rows {
		g.list = add(g.list, g.sent, &statement{table: t}, row)
		g.bytes += sizeOf(row)
	}
}

func (g *group) change(t *table, sql string, args ...any) {
	g.list = add(g.list, g.sent, &statement{table: t, sql: sql, args: args}, nil)
}

// sync commits what is pending.
func (g *group) sync(ctx context.Context) error {
	if err := g.enter(ctx); err != nil {
		return err
	}
	defer g.leave()
	if g.failed != nil {
		return g.failed
	}
	return g.commit(ctx)
}

// commit is called by whoever has the group.
func (g *group) commit(ctx context.Context) error {
	if g.whole && !g.keeping {
		return g.persist(ctx, g.send)
	}
	return g.persist(ctx, func(ctx context.Context) error {
		if g.puts == 0 {
			return nil
		}
		if err := g.send(ctx); err != nil {
			return err
		}
		if err := g.rights.check(ctx, g.conn, g.number+1); err != nil {
			return err
		}
		if _, err := g.conn.Exec(ctx, `COMMIT`); err != nil {
			return err
		}
		g.committed()
		return nil
	})
}

func (g *group) committed() {
	g.number++
	g.list, g.sent, g.puts, g.bytes, g.begun = nil, 0, 0, 0, false
}

// send sends what was not sent yet, in one round trip, into the open transaction.
func (g *group) send(ctx context.Context) error {
	if len(g.list) == g.sent {
		return nil
	}
	batch := &pgx.Batch{}
	if !g.begun {
		batch.Queue(`BEGIN`)
	}
	for _, s := range g.list[g.sent:] {
		sql, args := s.query(g.migration)
		batch.Queue(sql, args...)
	}
	if err := g.conn.SendBatch(ctx, batch).Close(); err != nil {
		return err
	}
	g.begun, g.sent = true, len(g.list)
	return nil
}

// read hands the answer to take, again if the connection was lost before its end. If what
// is pending could be seen in the answer, it is asked for in the transaction that has it;
// and otherwise of the pool.
func (g *group) read(ctx context.Context, query string, args []any, take func(pgx.Rows, error) error) error {
	if err := g.enter(ctx); err != nil {
		return err
	}
	if errors.Is(g.failed, errClosed) {
		g.leave()
		return errClosed
	}
	if g.failed != nil || !g.whole && !slices.ContainsFunc(g.list, func(s *statement) bool { return strings.Contains(query, schemaName+"."+s.table.name) }) {
		g.leave()
		return g.patiently(ctx, nil, func(ctx context.Context) error {
			return take(g.pool.Query(ctx, query, args...))
		})
	}
	defer g.leave()
	return g.persist(ctx, func(ctx context.Context) error {
		if err := g.send(ctx); err != nil {
			return err
		}
		return take(g.conn.Query(ctx, query, args...))
	})
}

// fail gives up what is pending and every later put: to go on after losing some
// would leave a hole in the middle.
func (g *group) fail(err error) error {
	g.failed = err
	if g.conn != nil && g.begun {
		ctx, end := context.WithTimeout(context.Background(), closeWithin)
		defer end()
		if _, err := g.conn.Exec(ctx, `ROLLBACK`); err != nil {
			g.drop()
		}
	}
	g.list, g.sent, g.puts, g.bytes, g.begun = nil, 0, 0, 0, false
	return err
}

// close commits what is pending and ends the session, and with it the lock.
func (g *group) close() error {
	g.end()
	<-g.done
	ctx, end := context.WithTimeout(context.Background(), closeWithin)
	defer end()
	<-g.turn
	defer g.leave()
	err := g.failed
	if errors.Is(err, errClosed) { // given up
		err = nil
	} else if err == nil {
		err = g.commit(ctx)
	}
	if err != nil && ctx.Err() != nil {
		err = &migrate.Error{Op: "reach ledger", Kind: migrate.Unavailable, Hint: lostHint, Err: errors.New("no connection to its database; what was put last is not in it")}
	}
	g.rights.stop()
	if g.conn != nil {
		// Without it the next writer waits until the lease is over, which does no harm.
		_ = g.rights.give(ctx, g.conn)
		_ = g.conn.Close(ctx)
		g.conn = nil
	}
	g.failed = errClosed
	return err
}
