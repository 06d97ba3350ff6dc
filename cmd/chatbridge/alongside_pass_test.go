package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/pgtest"
	"chatbridge/migrate/postgres"
	"chatbridge/migrate/queue"
	"chatbridge/reports"
)

// another is the queue of a worker in some other process.
func another(t *testing.T, url string, names ...string) *queue.Queue {
	t.Helper()
	pool, err := postgres.Prepare(t.Context(), url, names...)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	q, err := queue.Open(t.Context(), pool, queue.Options{Worker: "another"})
	require.NoError(t, err)
	return q
}

// ledgerRun records a run in the ledger of a migration.
func ledgerRun(t *testing.T, url, migration, id, status string) {
	t.Helper()
	l, err := postgres.Open(t.Context(), url, migration)
	require.NoError(t, err)
	r := migrate.RunRecord{ID: id, StartedAt: time.Unix(1, 0), HeartbeatAt: time.Unix(2, 0), Status: status}
	if status != migrate.RunningStatus {
		r.EndedAt, r.Summary = time.Unix(3, 0), fmt.Appendf(nil, `{"command":"migrate","status":%q}`, status)
	}
	require.NoError(t, l.PutRun(t.Context(), r))
	require.NoError(t, l.Close())
}

func newJoint(t *testing.T, url string) (*joint, screen) {
	t.Helper()
	sc := newScreen("", false)
	o := &migrateOptions{ledgerOption: ledgerOption{Ledger: url}}
	o.console, o.commonOptions = sc.console, &commonOptions{}
	r, stop := relayed(sc.console, 0)
	t.Cleanup(stop)
	j, closed, err := join(t.Context(), o, r, migrate.Warning, nil)
	require.NoError(t, err)
	t.Cleanup(closed)
	j.form, j.agrees = reports.Text, func(migrate.Fingerprint) error { return nil }
	return j, sc
}

// A pass that was over may be opened again by somebody else, before whoever waited for
// it has its result. Nobody was interrupted by that.
func TestPassIsAskedForAgain(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	j, sc := newJoint(t, url)
	other := another(t, url, j.name)
	ledgerRun(t, url, j.name, "1", migrate.Complete)
	require.NoError(t, other.Ask(t.Context(), j.name))
	theirs := queue.State{Migration: j.name, Stage: queue.StageDone, Worker: other.Worker()}

	j.seen = theirs
	open, err := j.collect(t.Context())
	require.NoError(t, err)
	require.False(t, open)
	require.Contains(t, sc.stdout.String(), "complete", "the ledger has the result for as long as no run follows it")

	sc.stdout.Reset()
	ledgerRun(t, url, j.name, "2", migrate.RunningStatus)
	open, err = j.collect(t.Context())
	require.NoError(t, err)
	require.True(t, open, "the result of the pass that was asked for since counts")
	require.Empty(t, sc.stdout.String())
	require.Zero(t, j.seen)
}

// What this process made of a pass is no result if another worker ended it.
func TestResultThatTheQueueDidNotKeep(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	j, sc := newJoint(t, url)
	j.ran, j.err = true, &migrate.Error{Op: "hold claim", Kind: migrate.Conflict}
	j.result = &setAside{to: sc.stdout}
	ledgerRun(t, url, j.name, "1", migrate.Complete)
	j.seen = queue.State{Migration: j.name, Stage: queue.StageDone, Worker: "another"}
	_, err := j.collect(t.Context())
	require.NoError(t, err)
	require.Contains(t, sc.stdout.String(), "complete")
	j.seen.Stage, j.seen.Reason = queue.StageFailed, "why"
	_, err = j.collect(t.Context())
	require.ErrorContains(t, err, "worker another: why")
}

// watching is a watch of one migration, and what was done in turn.
func watching(t *testing.T, name string, overs ...bool) (*watch, *[]string) {
	var did []string
	looks := 0
	w := &watch{console: newScreen("", false).console, quiet: true}
	w.look = func(context.Context) (string, bool, error) {
		looks++
		return "", looks > len(overs) || overs[looks-1], nil
	}
	w.forget = func(names []string) { did = append(did, fmt.Sprint("forget ", names)) }
	w.collect = func(context.Context) (bool, error) { did = append(did, "collect"); return false, nil }
	return w, &did
}

// Whoever finds that the result that they wait for is gone waits for the next one, and
// asks for nothing.
func TestWaitsForPassThatOthersAskedFor(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	q := another(t, url, "a")
	w, did := watching(t, "a")
	opened := true
	w.collect = func(context.Context) (bool, error) {
		*did = append(*did, "collect")
		defer func() { opened = false }()
		return opened, nil
	}
	work := queue.Work{Migrations: []string{"a"}, AtOnce: 1, Run: func(context.Context, string, <-chan struct{}) queue.Result {
		return queue.Result{Outcome: queue.Done}
	}}
	require.NoError(t, alongside(t.Context(), q, work, &relay{first: make(chan struct{})}, w))
	require.Equal(t, []string{"collect", "collect"}, *did)
	all, err := q.List(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 1, all[0].Pass)
}

// A worker that cannot begin waits for nobody.
func TestWorkCannotBegin(t *testing.T) {
	t.Parallel()
	q := another(t, pgtest.Database(t), "a")
	w, did := watching(t, "a", make([]bool, 1000)...)
	err := alongside(t.Context(), q, queue.Work{Migrations: []string{"a"}}, &relay{first: make(chan struct{})}, w)
	require.ErrorContains(t, err, "0 migrations at once")
	require.Empty(t, *did)
}

// What this process made of a pass is forgotten before the next one is asked for: that
// one may be over, here too, by the time that whoever asked for it goes on.
func TestForgetsBeforeItAsks(t *testing.T) {
	t.Parallel()
	q := another(t, pgtest.Database(t), "a")
	require.NoError(t, q.Ask(t.Context(), "a"))
	at := func() int64 {
		all, err := q.List(t.Context())
		require.NoError(t, err)
		return all[0].Pass
	}
	begun, end := make(chan struct{}), make(chan struct{})
	ctx, cut := context.WithCancel(t.Context())
	over := make(chan error)
	go func() {
		over <- q.Work(ctx, queue.Work{Migrations: []string{"a"}, AtOnce: 1, Run: func(context.Context, string, <-chan struct{}) queue.Result {
			close(begun)
			<-end
			return queue.Result{Outcome: queue.Done}
		}})
	}()
	<-begun
	w, did := watching(t, "a")
	w.look = func(ctx context.Context) (string, bool, error) {
		select {
		case <-end:
		default:
			close(end)
			require.Error(t, func() error { cut(); return <-over }())
		}
		return "", true, nil
	}
	w.forget = func(names []string) {
		*did = append(*did, fmt.Sprint("forget ", names, " in pass ", at()))
	}
	work := queue.Work{Migrations: []string{"a"}, AtOnce: 1, Run: func(context.Context, string, <-chan struct{}) queue.Result {
		return queue.Result{Outcome: queue.Done}
	}}
	require.NoError(t, alongside(t.Context(), q, work, &relay{first: make(chan struct{})}, w))
	require.Equal(t, []string{"forget [a] in pass 1", "collect"}, *did)
	require.EqualValues(t, 2, at())
}

// sharing is migrate for the accounts of a town, with their ledgers in a database.
func sharing(t *testing.T, w *town, url string) (*shared, screen) {
	t.Helper()
	sc := w.screen("", false)
	o := &fleetOptions{Accounts: w.file, LedgerDir: w.path(), AtOnce: 1, console: sc.console, common: &commonOptions{}}
	var err error
	o.cmd, _, err = wholeRoot(sc.console, o.common).Find([]string{"migrate"})
	require.NoError(t, err)
	require.NoError(t, o.cmd.Flags().Set(ledgerFlag, url))
	r, stop := relayed(sc.console, 0)
	t.Cleanup(stop)
	f := &fleet{fleetOptions: o, relay: r}
	require.NoError(t, f.prepare(t.Context()))
	s, closed, err := f.share(t.Context())
	require.NoError(t, err)
	t.Cleanup(closed)
	return s, sc
}

// Of many accounts, each has the result of whoever ended its pass. One whose result is
// gone, because somebody asked for more, is waited for.
func TestResultsOfAccounts(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	s, sc := sharing(t, newTown(t, 5, nil), url)
	other := another(t, url)
	for i, status := range []string{migrate.Complete, migrate.Complete, migrate.RunningStatus} {
		ledgerRun(t, url, fmt.Sprintf("a%d", i+1), "1", status)
	}
	require.NoError(t, other.Ask(t.Context(), "a1", "a3"))
	done := func(name string) queue.State {
		return queue.State{Migration: name, Stage: queue.StageDone, Worker: other.Worker()}
	}
	failed := done("a4")
	failed.Stage, failed.Reason = queue.StageFailed, "why"
	s.seen = []queue.State{done("a1"), done("a2"), done("a3"), failed} // a5 was deleted
	s.worked["a2"] = &turn{err: &migrate.Error{Op: "hold claim", Kind: migrate.Conflict}}
	open, err := s.collect(t.Context())
	require.NoError(t, err)
	require.True(t, open)
	require.Nil(t, s.seen)
	require.Equal(t, []bool{true, true, false, true, true}, []bool{s.turns[0].done, s.turns[1].done, s.turns[2].done, s.turns[3].done, s.turns[4].done})
	require.NoError(t, s.turns[0].err, "its ledger has the result for as long as no run follows it")
	require.NoError(t, s.turns[1].err, "the queue did not keep what was made of it here")
	require.ErrorContains(t, s.turns[3].err, "worker another: why")
	require.ErrorContains(t, s.turns[4].err, `migration "a5" is no longer in the ledger`)

	s.seen = []queue.State{done("a1"), done("a2"), done("a3"), failed}
	ledgerRun(t, url, "a3", "2", migrate.Complete)
	open, err = s.collect(t.Context())
	require.NoError(t, err)
	require.False(t, open)
	require.NoError(t, s.turns[2].err)
	require.NotContains(t, sc.stderr.String(), "interrupted")
}

// A command that was told to stop tells of all accounts, whether or not their database
// can be asked.
func TestStopsWithoutItsDatabase(t *testing.T) {
	t.Parallel()
	s, sc := sharing(t, newTown(t, 2, nil), pgtest.Database(t))
	s.worked["a1"] = &turn{account: s.turns[0].account, console: s.turns[0].console}
	ctx, cut := context.WithCancel(t.Context())
	cut()
	_, err := s.collect(ctx)
	require.Error(t, err)
	s.relay.tell(sc.console, os.Interrupt)
	open, err := s.collect(ctx)
	require.NoError(t, err)
	require.False(t, open)
	require.NoError(t, s.turns[0].err)
	require.Equal(t, exitInterrupted, statusOf(s.turns[1].err))
}

// An account that another worker did not carry whole says so with the exit status of its
// migrate, as one that this process worked for.
func TestPartialElsewhere(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	s, sc := sharing(t, newTown(t, 1, nil), url)
	ledgerRun(t, url, "a1", "1", migrate.Partial)
	s.seen = []queue.State{{Migration: "a1", Stage: queue.StageDone, Worker: "another"}}
	_, err := s.collect(t.Context())
	require.NoError(t, err)
	require.Equal(t, reports.FleetNotWhole, s.turns[0].shown.State)
	require.Equal(t, exitIncomplete, *s.turns[0].shown.ExitStatus)
	require.Contains(t, sc.stderr.String(), "a1: error: ")
}

// Two operators may start the same command in the same folder, and a run may end after
// another one of its account began: neither writes into the file of the other.
func TestResultsOfTwoRunsInOneFolder(t *testing.T) {
	t.Parallel()
	s, _ := sharing(t, newTown(t, 1, nil), pgtest.Database(t))
	require.NoError(t, s.folders())
	var all []*resultFiles
	for i := range 3 {
		r, err := s.results(s.turns[0])
		require.NoError(t, err)
		for _, one := range r.sinks() {
			_, err := fmt.Fprintf(one.w, "run %d", i)
			require.NoError(t, err)
		}
		all = append(all, r)
	}
	require.NoError(t, all[0].Close(false))
	require.NoError(t, all[2].Close(true))
	require.NoError(t, all[1].Close(true))
	got, err := all[1].json()
	require.NoError(t, err)
	require.Equal(t, "run 1", string(got))
	left, err := filepath.Glob(filepath.Join(s.reports(), "a1", "*"+partSuffix))
	require.NoError(t, err)
	require.Empty(t, left)
	require.NoError(t, s.writeFile(filepath.Join(s.reports(), "migrate.json"), reports.JSON, reports.Fleet{}))
	left, err = filepath.Glob(filepath.Join(s.reports(), "*"+partSuffix))
	require.NoError(t, err)
	require.Empty(t, left)
}
