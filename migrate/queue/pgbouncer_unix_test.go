//go:build unix

package queue

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/pgtest"
)

// The real pooler, beside the one that TestPooler plays.
func TestPgBouncer(t *testing.T) {
	t.Parallel()
	pgtest.Started(t)
	w := newWorld(t, "acme")
	plain := pgtest.With(t, pgtest.Bouncer(t, w.url, "transaction"), func(u *url.URL) {
		q := u.Query()
		q.Set("default_query_exec_mode", "exec")
		u.RawQuery = q.Encode()
	})
	a := w.queueAt(plain, "a", ticking).work(1, "acme")
	a.told("A pooler stands before PostgreSQL: new work is looked for, not listened for")
	a.ask("acme")
	r := a.next("acme")
	w.lease("acme", "a", 0)
	receive(t, r.Done(), "the end of its context")
	a.next("acme").end <- Result{Outcome: HandOver}
	a.next("acme").end <- Result{Outcome: Done}
	a.told("A pass is over")
	require.Equal(t, "done 1 3 a", a.state("acme"))
}
