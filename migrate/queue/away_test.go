package queue

import (
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/pgtest"
)

// The database goes away and comes back.
func TestAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "acme", "beta")
	line := cable(t, w.url)
	a := w.queueAt(line.url, "a", ticking).work(1, "acme", "beta")
	b := w.queue("b")
	b.ask("acme")
	r := a.next("acme")
	line.cut()
	a.told("The queue does not answer; trying again")
	r.end <- Result{Outcome: Done, Reason: "exit status 0"}
	b.ask("beta")
	require.Equal(t, "working 1 1 a", b.state("acme"))
	line.mend()
	a.told("The queue answers again")
	a.told("A pass is over") // the result was kept
	require.Equal(t, "done 1 1 a exit status 0", b.state("acme"))
	a.next("beta") // it fetches again
	a.stopping()
}

// A server that is about to be replaced only lets itself be read for a while.
func TestReadOnlyForAWhile(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "acme")
	elsewhere := pgtest.With(t, w.url, func(u *url.URL) { u.Path = "/postgres" })
	name := value[string](w, `SELECT quote_ident(current_database())`)
	is := func(change string) {
		pgtest.Exec(t, elsewhere, `ALTER DATABASE `+name+` `+change)
		require.NoError(t, pgtest.Cut(w.url))
	}
	a := w.queue("a", ticking).work(1, "acme")
	a.ask("acme")
	r := a.next("acme")
	is(`SET default_transaction_read_only TO on`)
	a.told("The queue does not answer; trying again")
	r.end <- Result{Outcome: Done}
	for len(a.ticks) > 0 {
		<-a.ticks
	}
	receive(t, a.ticks, "a look that fails")
	receive(t, a.ticks, "another")
	is(`RESET default_transaction_read_only`)
	a.told("A pass is over")
}

// A result that finds no database in time is lost, and its pass is worked once more.
func TestAwayForTooLong(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "acme")
	line := cable(t, w.url)
	a := w.queueAt(line.url, "a", ticking, func(o *Options) { o.Patience = time.Nanosecond }).work(1, "acme")
	b := w.queue("b", func(o *Options) { o.Unseen = time.Nanosecond })
	b.ask("acme")
	r := a.next("acme")
	line.cut()
	r.end <- Result{Outcome: Done}
	a.told("Could not keep the result of a migration: it will be run once more")
	b.reaps()
	b.work(1, "acme").next("acme")
	line.mend()
}

// A database that takes what it is asked and does not answer holds nobody who asks.
func TestNoAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "acme")
	a := w.queue("a", func(o *Options) { o.answer = time.Millisecond })
	lock, err := w.pool.Begin(t.Context())
	require.NoError(t, err)
	_, err = lock.Exec(t.Context(), `LOCK TABLE chatbridge.work`)
	require.NoError(t, err)
	_, err = a.List(t.Context())
	require.Equal(t, migrate.Unavailable, migrate.KindOf(err), err)
	require.Equal(t, migrate.Unavailable, migrate.KindOf(a.Ask(t.Context(), "acme")))
	require.NoError(t, lock.Rollback(t.Context()))
	require.Empty(t, w.queue("b").state("acme"))
}

// skewed is a clock that is wrong. River writes the times of its rows by the
// database unless a clock is stubbed, which this is not.
type skewed time.Duration

func (s skewed) Now() time.Time     { return time.Now().Add(time.Duration(s)) }
func (skewed) NowOrNil() *time.Time { return nil }

func TestClockOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "acme", "beta")
	const hour = skewed(time.Hour)
	early := w.queue("early", ticking, func(o *Options) { o.clock, o.Unseen = -hour, defaultUnseen })
	late := w.queue("late", ticking, func(o *Options) { o.clock, o.Unseen = hour, defaultUnseen })
	late.ask("acme")
	early.ask("beta")
	early.work(2, "acme", "beta")
	r, other := early.next("acme"), early.next("beta")
	w.lease("acme", "early", 30)
	late.reaped(0)
	early.reaped(0)
	late.work(2, "acme", "beta")

	other.end <- Result{Outcome: HandOver}
	early.told("Handed a migration over")
	for range 3 { // whoever fetches it hands it over to whoever fetches it next
		select {
		case other = <-early.runs:
		case other = <-late.runs:
		}
		require.Equal(t, "beta", other.migration)
		other.end <- Result{Outcome: HandOver}
	}
	w.expire("acme")
	select {
	case <-r.Done():
	case <-time.After(time.Minute):
		require.FailNow(t, "it was not reaped")
	}
}
