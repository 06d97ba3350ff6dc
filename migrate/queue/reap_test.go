package queue

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestReaps has a row for each state that a generation can be left in. The row of
// River's was fetched two minutes ago, and a worker may be out of sight for one.
func TestReaps(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		job   string // state of River's row; none if it is gone
		fetch string // when it was fetched, in seconds from now; -120 unless given
		lease string // taken, expires and seen, in seconds from now; empty: there is none
		ended bool
		seen  string // when the worker was seen, in seconds from now
		state string // of the pass; open unless given
		why   string // empty: it is left alone
	}{
		"waits to be fetched":                           {job: "available", seen: "-9999"},
		"waits, and an earlier lease expired":           {job: "available", lease: "-300,-200", seen: "-9999"},
		"runs with a lease":                             {job: "running", lease: "-100,20", seen: "-9999"},
		"runs, and an earlier lease is alive":           {job: "running", lease: "-300,20", seen: "-9999"},
		"its lease expired":                             {job: "running", lease: "-100,-1", seen: "0", why: "its lease expired"},
		"waits for an earlier lease":                    {job: "running", lease: "-300,-1", seen: "-50"},
		"died while it waited for an earlier lease":     {job: "running", lease: "-300,-1", seen: "-70", why: "its worker was not seen for 00:01:00"},
		"has not taken a lease yet":                     {job: "running", seen: "-50"},
		"was fetched now, after it waited for long":     {job: "running", fetch: "-1", seen: "-9999"},
		"died before it took a lease":                   {job: "running", seen: "-70", why: "its worker was not seen for 00:01:00"},
		"gave its lease back, and will say so":          {job: "running", lease: "-100,20", ended: true, seen: "-50"},
		"gave its lease back, and died":                 {job: "running", lease: "-100,20", ended: true, seen: "-70", why: "its worker was not seen for 00:01:00"},
		"found somebody at work, who is still":          {job: "completed", lease: "-300,20", seen: "-9999"},
		"found somebody at work, whose lease expired":   {job: "completed", lease: "-300,-1", seen: "0", why: "it ended without a result"},
		"found somebody at work, who gave it back":      {job: "completed", lease: "-300,20", ended: true, seen: "0", why: "it ended without a result"},
		"ended without a result":                        {job: "completed", seen: "0", why: "it ended without a result"},
		"was cancelled by somebody":                     {job: "cancelled", seen: "0", why: "it ended without a result"},
		"was discarded by somebody":                     {job: "discarded", seen: "0", why: "it ended without a result"},
		"was deleted by somebody":                       {job: "none", seen: "0", why: "it ended without a result"},
		"was deleted by somebody, and a lease is there": {job: "none", lease: "-100,20", seen: "-9999"},
		"is over":                      {job: "completed", seen: "-9999", state: "done"},
		"is over, and its worker died": {job: "running", lease: "-100,-1", seen: "-9999", state: "failed"},
	}
	names := slices.Sorted(maps.Keys(tests))
	w := newWorld(t, names...)
	a := w.queue("a", func(o *Options) { o.Unseen = defaultUnseen })
	a.ask(names...)
	left := map[string][]string{} // River's rows of each, as they are
	rows := func(name string) []string {
		return value[[]string](w, `SELECT coalesce(array_agg(concat_ws(' ', args->>'generation', state, priority, metadata ? 'cancel_attempted_at') ORDER BY id), '{}')
			FROM chatbridge_river.river_job WHERE args->>'name' = $1`, name)
	}
	lapsed := 0
	for name, test := range tests {
		id := value[int64](w, `SELECT id FROM chatbridge.migrations WHERE name = $1`, name)
		w.exec(`UPDATE chatbridge.work SET worker = 'dead', seen_at = clock_timestamp() + $2::interval, state = $3 WHERE migration_id = $1`,
			id, test.seen+" seconds", cmp.Or(test.state, "open"))
		if test.job == "none" {
			w.exec(`DELETE FROM chatbridge_river.river_job WHERE args->>'name' = $1`, name)
		} else {
			w.exec(`UPDATE chatbridge_river.river_job SET state = $2::chatbridge_river.river_job_state, attempt = 1, attempted_at = clock_timestamp() + $3::interval,
				finalized_at = CASE WHEN $2 IN ('completed', 'cancelled', 'discarded') THEN clock_timestamp() END WHERE args->>'name' = $1`,
				name, test.job, cmp.Or(test.fetch, "-120")+" seconds")
		}
		if test.lease != "" {
			w.exec(`INSERT INTO chatbridge.leases (migration_id, holder, taken_at, expires_at, ended)
				SELECT $1, 'x', clock_timestamp() + t[1]::interval, clock_timestamp() + t[2]::interval, $3 FROM string_to_array($2, ',') t`, id, test.lease, test.ended)
		}
		left[name] = rows(name)
		if test.why != "" {
			lapsed++
		}
	}
	a.reaped(lapsed)
	why := map[string]string{}
	for range lapsed {
		e := receive(t, a.events, "an event")
		require.Equal(t, "Gave up a worker of a migration", e.Message)
		why[e.Fields[1].(string)] = fmt.Sprint(e.Fields[2:]...)
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if test.why == "" {
				require.Empty(t, why[name])
				require.Equal(t, left[name], rows(name))
				return
			}
			require.Equal(t, fmt.Sprint("pass", int64(1), "generation", int64(1), "worker", "dead", "reason", test.why), why[name])
			require.Equal(t, "waiting 1 2", a.state(name))
			var want []string
			if test.job == "running" {
				want = append(want, "1 running 2 t")
			}
			require.Equal(t, append(want, "2 available 1 f"), rows(name))
		})
	}
	a.reaped(0)
}

func TestReapedOnce(t *testing.T) {
	t.Parallel()
	names := []string{"1", "2", "3", "4", "5", "6", "7", "8"}
	w := newWorld(t, names...)
	reapers := []*peer{w.queue("a"), w.queue("b"), w.queue("c")}
	// One that looks while another commits sees some of what that one did.
	for round := range 20 {
		reapers[0].ask(names...)
		w.exec(`UPDATE chatbridge_river.river_job SET state = 'discarded', finalized_at = now()`)
		reaped := make(chan int)
		for _, r := range reapers {
			go func() {
				n, err := r.reap(t.Context())
				if err != nil {
					n = -100
				}
				reaped <- n
			}()
		}
		require.Equal(t, len(names), <-reaped+<-reaped+<-reaped)
		require.Len(t, w.rows(), len(names))
		require.Equal(t, (round+1)*len(names), value[int](w, `SELECT sum(generation - 1) FROM chatbridge.work`))
	}
}

func TestReapsMoreThanOneBatch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.queue("a")
	w.exec(`INSERT INTO chatbridge.migrations (name) SELECT n::text FROM generate_series(1, 205) n`)
	a.ask(value[[]string](w, `SELECT array_agg(name) FROM chatbridge.migrations WHERE name <> 'default'`)...)
	w.exec(`DELETE FROM chatbridge_river.river_job WHERE args->>'name' <> '7'`)
	a.reaped(204)
}

// A worker that is gone without a word: its connections are cut, and what it runs
// goes on.
func TestDeath(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "acme")
	line := cable(t, w.url)
	a := w.queueAt(line.url, "a", ticking, func(o *Options) { o.Unseen = defaultUnseen }).work(1, "acme")
	b, c := w.queue("b"), w.queue("c")
	b.ask("acme")
	zombie := a.next("acme")
	w.lease("acme", "a", 30)
	line.cut()
	require.Contains(t, a.told("The queue does not answer; trying again"), "reason")
	b.reaped(0)
	w.expire("acme")
	b.reaps() // what the zombie had under way at PostgreSQL may hold the row for a moment
	c.reaped(0)
	c.work(1, "acme")
	heir := c.next("acme")
	w.lease("acme", "c", 30)
	require.NoError(t, zombie.Err(), "nobody can tell it")

	t.Log("it comes back: it is told, and its end completes nothing of its heir's")
	line.mend()
	a.told("The queue answers again")
	receive(t, zombie.Done(), "the end of its context")
	require.ErrorIs(t, context.Cause(zombie), ErrReaped)
	a.told("The lease of a migration was lost")
	b.reaped(0)
	require.Equal(t, "working 1 2 c", b.state("acme"))
	heir.end <- Result{Outcome: Done}
	c.told("A pass is over")
	a.idle()
}

// TestZombie has a worker that was given up say what it came to.
func TestZombie(t *testing.T) {
	t.Parallel()
	says := map[string]Outcome{"lost": Lost, "held": Held, "over": HandOver, "done": Done, "failed": Failed}
	names := slices.Sorted(maps.Keys(says))
	w := newWorld(t, names...)
	a, b := w.queue("a"), w.queue("b")
	end := make(chan struct{})
	speak := sync.OnceFunc(func() { close(end) })
	defer speak() // or a test that fails would not end
	a.does = func(r *run) Result {
		<-end // it does not look at its context
		return Result{Outcome: says[r.migration]}
	}
	a.work(5, names...)
	a.ask(names...)
	for _, name := range names {
		zombie := a.next(name)
		w.lease(name, "a", 0)
		b.reaped(1)
		receive(t, zombie.Done(), "the end of its context")
		require.ErrorIs(t, context.Cause(zombie), ErrReaped)
	}
	a.stopping()
	b.work(5, names...)
	heirs := map[string]*run{}
	for _, name := range names {
		heirs[name] = b.next(name)
		require.Equal(t, "working 1 2 b", b.state(name))
	}
	speak()
	a.stopped()
	for range len(a.events) {
		require.NotContains(t, (<-a.events).Message, "Could not", "there was nothing to keep")
	}
	for _, name := range names {
		require.Equal(t, "working 1 2 b", b.state(name))
		require.NoError(t, heirs[name].Err())
		require.Contains(t, w.rows(), name+" 1 2 running 1 1")
		heirs[name].end <- Result{Outcome: Done}
	}
	for range names {
		b.told("A pass is over")
	}
}

func TestSeenWhileItWaits(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "acme")
	a := w.queue("a", ticking).work(1, "acme")
	b := w.queue("b", func(o *Options) { o.Unseen = defaultUnseen })
	a.ask("acme")
	waiting := a.next("acme")
	// Its lease is late: it has not been taken for half an hour.
	w.exec(`UPDATE chatbridge_river.river_job SET attempted_at = attempted_at - interval '30 minutes'`)
	w.exec(`UPDATE chatbridge.work SET seen_at = seen_at - interval '30 minutes'`)
	for end := time.Now().Add(time.Minute); value[bool](w, `SELECT seen_at < clock_timestamp() - interval '1 minute' FROM chatbridge.work`); {
		require.True(t, time.Now().Before(end), "the worker is not seen")
	}
	require.NoError(t, waiting.Err())
	b.reaped(0)
	require.Equal(t, "working 1 1 a", b.state("acme"))
}
