package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"chatbridge/migrate"
	"chatbridge/migrate/queue"
	"chatbridge/migrate/replay"
	"chatbridge/reports"
)

// joint is the work for one account whose ledger is in a database. It is asked for in
// the queue there, so that workers on other machines go on with it.
type joint struct {
	*migrateOptions
	form  reports.Format
	name  string // of the migration
	queue *queue.Queue
	relay *relay
	work  func(context.Context, *migrateOptions) error
	// agrees refuses the result of a run with other settings.
	agrees func(migrate.Fingerprint) error

	mu     sync.Mutex
	ran    bool // here, to its end
	err    error
	result *setAside
	seen   queue.State // when the pass was over; empty until then
}

// forWorkers reports whether workers, which migrate and no more, may take what is asked
// for.
func (o *migrateOptions) forWorkers() bool {
	return isDatabase(o.Ledger) && !o.Deep && !o.OnlyFailed && !o.AcceptSettings && o.Credentials == ""
}

// join opens the queue for one account. Close it. Of what the queue has to say, least is
// the lowest level that is shown.
func join(ctx context.Context, o *migrateOptions, r *relay, least migrate.Level, work func(context.Context, *migrateOptions) error) (*joint, func(), error) {
	log := o.logger(o.console, o.console.stderr())
	_, name := databaseOf(ctx, o.Ledger)
	q, closed, err := openQueue(ctx, o.Ledger, []string{name}, queued{func(e migrate.Event) {
		if e.Level >= least || o.Verbose {
			logEvent(log, e)
		}
	}})
	return &joint{migrateOptions: o, name: name, queue: q, relay: r, work: work}, closed, err
}

// joined asks for a pass of the migration and works on it, unless another worker does:
// then it waits for that one, takes its place if it leaves, and sees to what came since
// that one began.
func joined(ctx context.Context, o *migrateOptions, form reports.Format, agrees func(migrate.Fingerprint) error, work func(context.Context, *migrateOptions) error) error {
	r, stop := relayed(o.console, o.MaxDuration)
	defer stop()
	ctx, uncut := r.cut(ctx)
	defer uncut()
	j, closed, err := join(ctx, o, r, migrate.Warning, work)
	if err != nil {
		return err
	}
	defer closed()
	j.form, j.agrees = form, agrees
	waited := 0
	look := &watch{console: o.console, quiet: o.Quiet, forget: j.forget, collect: j.collect, look: func(ctx context.Context) (string, bool, error) {
		at, err := j.state(ctx)
		if err != nil {
			return "", false, err
		}
		if at.Stage != queue.StageWaiting {
			waited = 0
		} else if waited++; waited <= 2 {
			return "", false, nil // this process itself needs a moment to begin
		}
		if over(at) {
			j.seen = at
		}
		return j.elsewhere(ctx, at), over(at), nil
	}}
	return alongside(ctx, j.queue, queue.Work{Migrations: []string{j.name}, AtOnce: 1, Run: j.run}, r, look)
}

// over reports whether a pass is.
func over(at queue.State) bool {
	return at.Stage == queue.StageDone || at.Stage == queue.StageFailed
}

// run is one generation of the work, with what the queue makes of how it ended.
func (j *joint) run(ctx context.Context, _ string, _ <-chan struct{}) queue.Result {
	own, c := *j.migrateOptions, *j.console
	kept := &setAside{to: c.out}
	c.out, c.signals, c.relayed = kept, j.relay.signals, true
	own.console, own.MaxDuration = &c, 0
	err := j.work(ctx, &own)
	r := came(ctx, j.relay, err)
	switch r.Outcome {
	case queue.Done, queue.Failed, queue.HandOver:
		j.mu.Lock()
		defer j.mu.Unlock()
		j.ran, j.err, j.result = true, err, kept
	}
	return r
}

func (j *joint) forget([]string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.ran, j.err, j.result, j.seen = false, nil, nil, queue.State{}
}

func (j *joint) state(ctx context.Context) (at queue.State, err error) {
	all, err := j.queue.List(ctx, j.name)
	if err != nil {
		return at, err
	}
	if len(all) == 0 {
		return at, errUnlisted(j.name)
	}
	return all[0], nil
}

func errUnlisted(migration string) error {
	return &migrate.Error{
		Op: "watch work", Kind: migrate.NotFound, Err: fmt.Errorf("migration %q is no longer in the ledger", migration),
		Hint: "if nobody deleted it on purpose, look who did; to begin anew, run the same command again",
	}
}

// elsewhere says what another process does with the migration; empty if none does.
func (j *joint) elsewhere(ctx context.Context, at queue.State) string {
	switch {
	case j.others(at):
		return fmt.Sprintf("At work is %s%s", worker(at), j.far(ctx))
	case at.Stage == queue.StageWaiting && at.Held:
		return fmt.Sprintf("Waiting for %s on %s, which has the ledger", reports.Plain(at.Holder), reports.Plain(at.Host))
	case at.Stage == queue.StageWaiting:
		return "Waiting for a worker to begin"
	}
	return ""
}

// far says how far the run is that is at work, if the ledger tells.
func (j *joint) far(ctx context.Context) string {
	ledger, err := readLedger(ctx, j.Ledger)
	if err != nil {
		return "" // whoever works waits for the database too
	}
	defer ledger.Close()
	run, err := lastRun(ctx, ledger, time.Now())
	if err != nil || run == nil || run.EndedAt != nil || run.Total == 0 {
		return ""
	}
	return fmt.Sprintf(": %s of %s", reports.Number(run.Done), reports.Number(run.Total))
}

// collect is how the pass ended, whoever worked on it. What this process has is no
// result if another worker ended the pass: the queue did not keep it.
func (j *joint) collect(ctx context.Context) (open bool, err error) {
	at := j.seen
	if !over(at) { // told to stop before that
		at, err = j.state(ctx)
	}
	ran := j.ran && !(over(at) && at.Worker != j.queue.Worker())
	if ran {
		if err := j.result.show(); err != nil || statusOf(j.err) != exitInterrupted {
			return false, errors.Join(err, j.err)
		}
	}
	switch {
	case ran || err != nil && j.relay.stopped():
	case err != nil:
		return false, err
	case at.Stage == queue.StageDone:
		return j.read(ctx)
	case at.Stage == queue.StageFailed:
		return false, &migrate.Error{Op: "migrate", Kind: migrate.Failed, Err: reasonOf(at), Hint: "mend that, or stop that worker; then run the same command again"}
	}
	if j.relay.late {
		return false, j.expired()
	}
	stopped := &migrate.Error{Op: "run", Kind: migrate.Interrupted, Err: errors.New("interrupted"), Hint: "the ledger has what arrived; run the same command again to resume"}
	if j.others(at) {
		stopped.Err = fmt.Errorf("interrupted; %s goes on", worker(at))
		stopped.Hint = "run the same command again to join it, or watch it: chatbridge status --watch"
	}
	return false, stopped
}

// others reports whether another process works on the pass.
func (j *joint) others(at queue.State) bool {
	return at.Stage == queue.StageWorking && at.Worker != j.queue.Worker()
}

// reasonOf is why a pass cannot be worked.
func reasonOf(at queue.State) error {
	if at.Worker == "" {
		return errors.New(reports.Plain(at.Reason)) // it was withdrawn
	}
	return fmt.Errorf("%s: %s", worker(at), at.Reason)
}

// worker is who works on the pass, as people call it.
func worker(at queue.State) string {
	if at.Worker == "" {
		return "another worker" // it has not said its name yet
	}
	return "worker " + reports.Plain(at.Worker)
}

// read writes the result of a run elsewhere, which its ledger keeps until the next one
// begins. Somebody may have asked for that since.
func (j *joint) read(ctx context.Context) (open bool, err error) {
	ledger, err := readLedger(ctx, j.Ledger)
	if err != nil {
		return false, err
	}
	defer ledger.Close()
	last, ok, err := ledger.LastRun(ctx)
	if err != nil {
		return false, err
	}
	summary, err := resultOf(last, ok)
	if err != nil {
		// A run that was asked for since may be under way.
		at, gone := j.state(ctx)
		if gone == nil && !over(at) {
			j.forget(nil)
			return true, nil
		}
		return false, err
	}
	bound, err := ledger.Fingerprint(ctx)
	if err != nil {
		return false, err
	}
	if err := j.agrees(bound); err != nil {
		return false, err
	}
	if err := j.console.remembered(last, bound, j.Ledger); err != nil {
		return false, err
	}
	if err := writeSummary(ctx, j.migrateOptions, j.form, ledger, summary, nil); err != nil {
		return false, err
	}
	return false, carried(summary)
}

// readLastRun is the operation that fails if the last run of a ledger is no result of a
// worker.
const readLastRun = "read last run"

// resultOf is what a worker's run came to, if that is still the last run of the ledger.
func resultOf(last migrate.RunRecord, ok bool) (summary replay.Summary, err error) {
	if !ok || len(last.Summary) == 0 {
		return summary, &migrate.Error{
			Op: readLastRun, Kind: migrate.NotFound, Err: errors.New("the worker left no result in the ledger"),
			Hint: "run the same command again",
		}
	}
	if err := json.Unmarshal(last.Summary, &summary); err != nil {
		return summary, fmt.Errorf("read summary of the last run: %w", err)
	}
	if summary.Status != migrate.Complete && summary.Status != migrate.Partial { // undone since, say
		return summary, &migrate.Error{
			Op: readLastRun, Kind: migrate.Failed, Err: fmt.Errorf("another run came after the worker's, and its status is %s", reports.Plain(summary.Status)),
			Hint: "chatbridge status tells of it; to migrate what it left, run the same command again",
		}
	}
	return summary, nil
}

// setAside keeps what a run writes as its result until it is known that this is the
// result: a run that loses its work to another worker has none.
type setAside struct {
	bytes.Buffer
	to io.Writer
}

func (s *setAside) stream() io.Writer { return s.to }

func (s *setAside) show() error {
	_, err := s.WriteTo(s.to)
	return err
}

// runWorker works for one account whenever somebody asks for a pass of it, until it is
// told to stop.
func runWorker(ctx context.Context, o *migrateOptions) error {
	if _, err := o.check(); err != nil {
		return err
	}
	if _, err := o.material(); err != nil {
		return err
	}
	log := o.logger(o.console, o.console.stderr())
	if err := (connector{&o.connectionOptions, o.console, log, nil}).credentialed(); err != nil {
		return err
	}
	measured, err := o.measure(&o.connectionOptions, o.console)
	if err != nil {
		return err
	}
	defer measured.Close()
	r, stop := relayed(o.console, o.MaxDuration)
	defer stop()
	ctx, uncut := r.cut(ctx)
	defer uncut()
	o.Yes = true
	j, closed, err := join(ctx, o, r, migrate.Notice, func(ctx context.Context, own *migrateOptions) error { return own.once(ctx, measured) })
	if err != nil {
		return err
	}
	defer closed()
	if !o.Quiet {
		fmt.Fprintf(o.console.err, "Waiting for work on migration %s. To ask for it: chatbridge migrate with the same settings\n", reports.Plain(j.name))
	}
	err = j.queue.Work(ctx, queue.Work{Migrations: []string{j.name}, AtOnce: 1, Run: j.serve, Drain: r.first})
	if r.stopped() {
		return nil
	}
	return err
}

// serve is run for whoever asked elsewhere: the ledger has the result.
func (j *joint) serve(ctx context.Context, name string, drain <-chan struct{}) queue.Result {
	r := j.run(ctx, name, drain)
	if (r.Outcome == queue.Done || r.Outcome == queue.Failed) && j.err != nil {
		complain(j.console.err, false, j.console.stderr().json, j.console.next, j.err)
	}
	return r
}

// once is one run that nobody is asked about.
func (o *migrateOptions) once(ctx context.Context, measured *meter) error {
	form, err := o.check()
	if err != nil {
		return err
	}
	all, err := o.material()
	if err != nil {
		return err
	}
	s, err := o.prepare(ctx, all.mapper)
	if err != nil {
		return err
	}
	defer s.Close()
	return o.begin(ctx, form, s, all, measured)
}
