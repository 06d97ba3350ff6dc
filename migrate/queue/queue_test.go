package queue

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
)

func TestPass(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "acme", "beta")
	a := w.queue("a").work(2, "acme", "beta")

	a.ask("acme", "beta")
	r := a.next("acme")
	require.Equal(t, "working 1 1 a", a.state("acme"))
	r.end <- Result{Outcome: Done, Reason: "exit status 3"}
	a.told("A pass is over")
	require.Equal(t, "done 1 1 a exit status 3", a.state("acme"))
	a.next("beta").end <- Result{Outcome: Failed, Reason: "wrong credentials"}
	a.told("A migration cannot be worked")
	require.Equal(t, "failed 1 1 a wrong credentials", a.state("beta"))

	t.Log("a second pass, the same day, is not taken for the first")
	a.reaped(0)
	a.ask("beta", "acme")
	a.next("beta")
	a.next("acme").end <- Result{Outcome: Done}
	a.told("A pass is over")
	require.Equal(t, "done 2 1 a", a.state("acme"))
	require.Equal(t, "working 2 1 a", a.state("beta"))
}

func TestAsk(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "acme", "beta", "gamma")
	a, b := w.queue("a"), w.queue("b")

	t.Log("many at once ask for one pass of each, without waiting for each other")
	errs := make(chan error)
	for i := range 8 {
		go func() {
			if i%2 == 0 {
				errs <- a.Ask(t.Context(), "gamma", "acme", "beta", "acme")
			} else {
				errs <- b.Ask(t.Context(), "gamma", "acme", "beta", "acme")
			}
		}()
	}
	for range 8 {
		require.NoError(t, <-errs)
	}
	require.Equal(t, []string{"gamma 1 1 available 2 1", "acme 1 1 available 2 1", "beta 1 1 available 2 1"}, w.rows(), "in the order of the call")
	require.Equal(t, "waiting 1 1", a.state("acme"))

	err := a.Ask(t.Context(), "acme", "delta")
	require.Equal(t, migrate.Usage, migrate.KindOf(err))
	require.ErrorContains(t, err, "this ledger has no migration delta")
	require.Equal(t, "prepare it first: chatbridge migrate --migration 'delta'", migrate.HintOf(err))
	require.Len(t, w.rows(), 3)
	require.NoError(t, a.Ask(t.Context()))

	t.Log("nothing is inserted half")
	w.exec(`UPDATE chatbridge.work SET state = 'done'; UPDATE chatbridge.work SET pass = 0 WHERE migration_id = 2`)
	err = a.Ask(t.Context(), "acme", "beta")
	require.Equal(t, migrate.Conflict, migrate.KindOf(err))
	require.ErrorContains(t, err, "migration beta: generation 1 of pass 1 is in schema chatbridge_river already")
	require.Equal(t, "done 1 1", a.state("acme"))
	require.Len(t, w.rows(), 3)
}

func TestCredentials(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "acme", "beta ☎ & co")
	a := w.queue("a").work(5, "acme", "not there yet")
	a.ask("beta ☎ & co", "acme")
	a.next("acme").end <- Result{Outcome: Done}
	a.told("A pass is over")
	w.exec(`UPDATE chatbridge.work SET seen_at = seen_at - interval '1 month'`)
	a.reaped(0)
	require.Equal(t, "waiting 1 1", a.state("beta ☎ & co"), "it is not fetched, nor reaped, where there are no credentials for it")
	require.Equal(t, []string{"beta ☎ & co 1 1 available 2 1"}, w.rows()[:1])

	b := w.queue("b").work(5, "beta ☎ & co")
	b.next("beta ☎ & co").end <- Result{Outcome: Done}
	b.told("A pass is over")

	w.exec(`INSERT INTO chatbridge.migrations (name) VALUES ('not there yet')`)
	b.ask("not there yet")
	a.next("not there yet")
	a.idle()
	b.idle()
}

func TestAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "1", "2", "3", "4")
	a := w.queue("a").work(2, "1", "2", "3", "4")
	a.ask("1", "2", "3", "4")
	one := a.next("1")
	a.next("2")
	require.Equal(t, "waiting 1 1", a.state("3"), "what it cannot work yet is there for others")

	b := w.queue("b").work(1, "1", "2", "3", "4")
	b.next("3")
	one.end <- Result{Outcome: Done}
	a.next("4")
	require.Equal(t, 0, value[int](w, `SELECT count(*) FROM chatbridge_river.river_leader`), "a leader discards what another worker knows")
}

// A row that was fetched when its generation was over already is not worked.
func TestFetchedTooLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "1", "2", "3", "4")
	a := w.queue("a")
	a.ask("1", "2", "3", "4")
	w.exec(`UPDATE chatbridge.work SET generation = 2, job_id = 1000 WHERE migration_id = 1`)
	w.lease("1", "an operator", 300)
	w.exec(`UPDATE chatbridge.work SET state = 'done' WHERE migration_id = 2`)
	w.exec(`DELETE FROM chatbridge.migrations WHERE id = 3`)
	a.work(1, "1", "2", "3", "4")
	a.next("4").end <- Result{Outcome: Done}
	a.told("A pass is over")
	a.idle()
	require.Equal(t, "waiting 1 2", a.state("1"))
	require.Equal(t, "done 1 1", a.state("2"))
}

func TestTakesWhatItTakes(t *testing.T) {
	t.Parallel()
	require.Equal(t, time.Duration(-1), (*worker)(nil).Timeout(nil), "River gives others a minute, and its rescuer an hour")
}

func TestWorkRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.queue("a")
	for want, work := range map[string]Work{
		"0 migrations at once":     {Migrations: []string{"acme"}},
		"10001 migrations at once": {Migrations: []string{"acme"}, AtOnce: 10001},
		"for no migration":         {AtOnce: 1},
	} {
		err := a.Work(t.Context(), work)
		require.Equal(t, migrate.Usage, migrate.KindOf(err))
		require.ErrorContains(t, err, want)
	}
}

func TestPanic(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "acme")
	a := w.queue("a")
	drain := make(chan struct{})
	over := make(chan error)
	go func() {
		over <- a.Work(t.Context(), Work{Migrations: []string{"acme"}, AtOnce: 1, Drain: drain, Run: func(context.Context, string, <-chan struct{}) Result {
			panic("no such page")
		}})
	}()
	a.ask("acme")
	require.Contains(t, a.told("A migration panicked"), "queue_test.go")
	a.told("A migration cannot be worked")
	require.Equal(t, "failed 1 1 a panic: no such page", a.state("acme"), "the next worker would panic too")
	close(drain)
	require.NoError(t, <-over)
}
