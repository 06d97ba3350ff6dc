package queue

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"

	"chatbridge/migrate"
)

// Outcome says how a generation ended.
type Outcome int

// Outcomes. The first is the one that changes nothing.
const (
	// Lost means that its lease was lost. Another worker goes on, or will.
	Lost Outcome = iota
	// Held means that somebody else's lease is alive. The pass is taken up again
	// when that lease is over.
	Held
	// HandOver means that it was drained: the lease was given back, and nothing is
	// in flight. The next generation goes ahead of passes that nobody has begun.
	HandOver
	// Done means that the pass is over, whatever its exit status.
	Done
	// Failed means that it cannot be worked, here or elsewhere, until something is
	// changed, such as credentials. Only Ask opens it again.
	Failed
)

// Result is what a generation came to.
type Result struct {
	Outcome Outcome
	Reason  string // for people; kept for Done and Failed
}

// Work says what a worker works on, and how.
type Work struct {
	// Migrations are those that it has credentials for, by name. They need not be
	// in the ledger yet.
	Migrations []string
	// AtOnce is how many of them it works on at once, 1 to 10,000.
	AtOnce int
	// Run works on a migration. It takes the lease itself, and gives it back before
	// it returns HandOver or Done. Its context ends when its generation was
	// reaped, because of ErrReaped, and when that of Work does. When drain is
	// closed it finishes what is in flight and returns HandOver. It may wait for
	// the lease as long as it has to: the queue shows that its worker lives.
	// If it panics, its outcome is Failed.
	Run func(ctx context.Context, migration string, drain <-chan struct{}) Result
	// Drain ends the work in good order when it is closed.
	Drain <-chan struct{}
}

// ErrReaped is why the context of a Run ended whose generation was given up.
var ErrReaped = errors.New("this worker was given up, and another has its work")

// Work works until it is drained, or until ctx ends. When it is drained it fetches
// nothing more, tells what runs to drain, waits for it and returns nil. The end of
// ctx cuts off what runs; Work waits for that too and returns an error of Kind
// Interrupted. A result that the database does not take holds Work up for the
// patience of the queue, or until ctx ends.
func (q *Queue) Work(ctx context.Context, w Work) error {
	const op = "work"
	if w.AtOnce < 1 || w.AtOnce > river.QueueNumWorkersMax {
		return &migrate.Error{Op: op, Kind: migrate.Usage, Err: fmt.Errorf("%d migrations at once: it has to be 1 to %d", w.AtOnce, river.QueueNumWorkersMax)}
	}
	if len(w.Migrations) == 0 {
		return &migrate.Error{Op: op, Kind: migrate.Usage, Err: errors.New("there are credentials for no migration")}
	}
	drain := make(chan struct{})
	worker := &worker{queue: q, run: w.Run, drain: drain, inFlight: map[int64]context.CancelCauseFunc{}}
	config := q.config()
	config.Queues = map[string]river.QueueConfig{queueName: {MaxWorkers: w.AtOnce}}
	config.Workers = river.NewWorkers()
	known := map[string]bool{}
	for _, name := range w.Migrations {
		if !known[name] {
			known[name] = true
			// River registers the kind of these arguments, and not that of their type.
			river.AddWorkerArgs(config.Workers, pass{Name: name}, river.Worker[pass](worker))
		}
	}
	client, err := river.NewClient(riverpgxv5.New(q.pool), config)
	if err != nil {
		return q.failed(op, err)
	}
	if err := q.pool.Ping(ctx); err != nil {
		return q.failed(op, err)
	}
	// The context of River must not end before it stopped fetching.
	if err := client.Start(context.WithoutCancel(ctx)); err != nil {
		return q.failed(op, err)
	}
	ticking, stop := context.WithCancel(context.WithoutCancel(ctx))
	var ticker sync.WaitGroup
	ticker.Go(func() { worker.tick(ticking) })
	defer ticker.Wait()
	defer stop()

	select {
	case <-w.Drain:
	case <-ctx.Done():
	}
	// Told to stop by a context that is over, River stops fetching and waits for nothing.
	over, cancel := context.WithCancel(ctx)
	cancel()
	_ = client.Stop(over)
	close(drain)
	if client.Stop(ctx) != nil {
		_ = client.StopAndCancel(context.WithoutCancel(ctx)) // waits, and ends with its context alone
	}
	return q.failed(op, ctx.Err())
}

// worker works rows of River's.
type worker struct {
	river.WorkerDefaults[pass]
	queue *Queue
	run   func(context.Context, string, <-chan struct{}) Result
	drain <-chan struct{}

	mu       sync.Mutex
	inFlight map[int64]context.CancelCauseFunc // by the ID of River's row
}

// Timeout is none: a migration takes what it takes.
func (*worker) Timeout(*river.Job[pass]) time.Duration { return -1 }

// Work returns no error. River would try the row again if it had attempts left.
func (w *worker) Work(ctx context.Context, job *river.Job[pass]) error {
	q, p := w.queue, job.Args
	taken := false
	err := q.persist(ctx, func(ctx context.Context) (err error) {
		taken, err = q.take(ctx, job)
		return err
	})
	if err != nil {
		q.warn("Could not take a migration: another worker will", p.fields(migrate.KeyReason, err.Error())...)
		return nil
	}
	if !taken {
		return nil
	}
	running, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cancel(nil)
	defer context.AfterFunc(ctx, func() {
		if errors.Is(context.Cause(ctx), rivertype.ErrJobCancelledRemotely) {
			cancel(ErrReaped)
		} else {
			cancel(context.Canceled)
		}
	})()
	w.mu.Lock()
	w.inFlight[job.ID] = cancel
	w.mu.Unlock()
	defer func() {
		w.mu.Lock()
		delete(w.inFlight, job.ID)
		w.mu.Unlock()
	}()
	result := w.result(running, p)
	if err := q.persist(ctx, func(ctx context.Context) error { return q.conclude(ctx, job, result) }); err != nil {
		q.warn("Could not keep the result of a migration: it will be run once more", p.fields(migrate.KeyReason, err.Error())...)
	}
	return nil
}

// result runs a generation. One that was fetched while fetching was being stopped
// is passed on as it is.
func (w *worker) result(ctx context.Context, p pass) (r Result) {
	select {
	case <-w.drain:
		return Result{Outcome: HandOver}
	default:
	}
	defer func() {
		// The next worker would panic too.
		if v := recover(); v != nil {
			r = Result{Outcome: Failed, Reason: fmt.Sprintf("panic: %v", v)}
			w.queue.warn("A migration panicked", p.fields(migrate.KeyReason, r.Reason, "stack", string(debug.Stack()))...)
		}
	}()
	w.queue.notice("Working on a migration", p.fields()...)
	return w.run(ctx, p.Name, w.drain)
}

// take enters the worker as the one of this generation. It is not one that was
// reaped before it began.
func (q *Queue) take(ctx context.Context, job *river.Job[pass]) (bool, error) {
	tag, err := q.pool.Exec(ctx, `UPDATE chatbridge.work SET worker = $1, changed_at = clock_timestamp(), seen_at = clock_timestamp()
		WHERE migration_id = $2 AND job_id = $3 AND state = 'open'`, q.options.Worker, job.Args.ID, job.ID)
	return tag.RowsAffected() == 1, err
}

// persist repeats what the database did not answer, at every tick, until patience
// ends. What it repeats may have been carried out already. If ctx is over, it still
// tries once: a result is worth keeping when its Run was cut off.
func (q *Queue) persist(ctx context.Context, do func(context.Context) error) error {
	patience := time.NewTimer(q.options.Patience)
	defer patience.Stop()
	ticker := time.NewTicker(q.options.Tick)
	defer ticker.Stop()
	for {
		err := q.attempt(context.WithoutCancel(ctx), do)
		if err == nil || migrate.KindOf(q.failed("", err)) != migrate.Unavailable {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-patience.C:
			return err
		case <-ticker.C:
		}
	}
}

// attempt bounds what waits for the database.
func (q *Queue) attempt(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, q.options.answer)
	defer cancel()
	return do(ctx)
}
