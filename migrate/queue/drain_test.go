package queue

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
)

func TestHandOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "acme", "beta")
	a := w.queue("a").work(1, "acme", "beta")
	a.ask("acme", "beta")
	r := a.next("acme")
	w.lease("acme", "a", 30)
	a.stopping()
	receive(t, r.drain, "drain")
	require.NoError(t, r.Err())
	w.exec(`UPDATE chatbridge.leases SET ended = true`)
	r.end <- Result{Outcome: HandOver}
	a.stopped()
	a.told("Handed a migration over")
	require.Equal(t, "waiting 1 2", a.state("acme"))
	require.Equal(t, []string{"acme 1 1 completed 2 1", "beta 1 1 available 2 1", "acme 1 2 available 1 1"}, w.rows())
	a.idle()

	b := w.queue("b")
	b.reaped(0)
	b.work(1, "beta", "acme")
	b.next("acme").end <- Result{Outcome: Done} // what was begun goes first
	b.next("beta")
}

func TestDrainOfNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "acme")
	a := w.queue("a").work(1, "acme")
	a.ask("acme")
	a.next("acme").end <- Result{Outcome: Done}
	a.told("A pass is over")
	a.stopping()
	a.stopped()
	a.ask("acme")
	require.Equal(t, "waiting 2 1", a.state("acme"))
}

// What is fetched while fetching is stopped is passed on, and not begun.
func TestFetchedLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "acme")
	a := w.queue("a")
	drained := make(chan struct{})
	close(drained)
	over := &worker{queue: a.Queue, drain: drained}
	require.Equal(t, Result{Outcome: HandOver}, over.result(t.Context(), pass{Name: "acme"}))

	a.stopping()
	a.work(1, "acme")
	a.ask("acme")
	a.stopped()
	a.idle()
	a.reaped(0)
	require.Contains(t, a.state("acme"), "waiting 1")
}

// The second signal cuts off what runs.
func TestCutOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "acme")
	a := w.queue("a").work(1, "acme")
	a.ask("acme")
	r := a.next("acme")
	w.lease("acme", "a", 30)
	a.stopping()
	receive(t, r.drain, "drain")
	a.cut()
	receive(t, r.Done(), "the end of the context")
	require.Equal(t, context.Canceled, context.Cause(r))
	err := receive(t, a.over, "the end of Work")
	a.over <- nil
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, migrate.Interrupted, migrate.KindOf(err))
	a.reaped(0)
	w.expire("acme")
	a.reaped(1)
	require.Equal(t, "waiting 1 2", a.state("acme"))
}

func TestHeld(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "acme")
	w.lease("acme", "an operator", 30)
	a := w.queue("a", ticking).work(1, "acme")
	a.ask("acme")
	a.next("acme").end <- Result{Outcome: Held, Reason: "an operator has it"}
	require.Contains(t, a.told("Somebody else works on a migration"), "an operator has it")
	a.reaped(0)
	states, err := a.List(t.Context())
	require.NoError(t, err)
	require.True(t, states[0].Held)
	require.Empty(t, states[0].Worker, "it left the pass to whoever has the lease")
	require.Equal(t, "an operator", states[0].Holder)
	require.True(t, states[0].Expires.After(states[0].Asked))

	w.exec(`UPDATE chatbridge.leases SET ended = true`)
	a.next("acme").end <- Result{Outcome: Done}
	a.told("A pass is over")
	states, err = a.List(t.Context())
	require.NoError(t, err)
	require.False(t, states[0].Held)
	require.Equal(t, int64(2), states[0].Generation)
}

func TestLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "acme")
	a := w.queue("a", ticking).work(1, "acme")
	a.ask("acme")
	r := a.next("acme")
	w.lease("acme", "a", 30)
	r.end <- Result{Reason: "renewed too late"}
	require.Contains(t, a.told("The lease of a migration was lost"), "renewed too late")
	a.reaped(0)
	w.expire("acme")
	a.next("acme").end <- Result{Outcome: Failed, Reason: "HTTP 401"}
	a.told("A migration cannot be worked")
	a.reaped(0)
	a.ask("acme")
	a.next("acme")
	require.Equal(t, "working 2 1 a", a.state("acme"))
}
