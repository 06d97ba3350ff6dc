package queue

import (
	"net/url"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/pgtest"
)

func TestOpenTogether(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "acme")
	errs := make(chan error)
	for range 4 {
		pool := w.open(w.url)
		go func() {
			_, err := Open(t.Context(), pool, Options{})
			errs <- err
		}()
	}
	for range 4 {
		require.NoError(t, <-errs)
	}
	require.NotEmpty(t, value[string](w, `SELECT max(version)::text FROM chatbridge_river.river_migration`))
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	refused := func(pool *pgxpool.Pool, o Options, kind migrate.Kind, says, hint string) {
		t.Helper()
		_, err := Open(t.Context(), pool, o)
		require.ErrorContains(t, err, says)
		require.Equal(t, kind, migrate.KindOf(err))
		require.Contains(t, migrate.HintOf(err), hint)
	}
	t.Log("a role that may do nothing")
	role := value[string](w, `SELECT current_database() || '_reader'`) // roles belong to all databases
	w.exec(`CREATE ROLE ` + role + ` LOGIN`)
	w.Cleanup(func() { pgtest.Exec(t, w.url, `DROP OWNED BY `+role, `DROP ROLE `+role) })
	poor := w.open(pgtest.As(t, w.url, role))
	refused(poor, Options{}, migrate.Usage, "permission denied", "GRANT CREATE ON DATABASE")
	w.exec(`GRANT USAGE ON SCHEMA chatbridge TO ` + role)
	refused(poor, Options{}, migrate.Usage, "permission denied for database", " TO \""+role+"\";")

	t.Log("a pool that is too small")
	small, err := pgxpool.New(t.Context(), pgtest.With(t, w.url, func(u *url.URL) {
		q := u.Query()
		q.Set("pool_max_conns", "1")
		u.RawQuery = q.Encode()
	}))
	require.NoError(t, err)
	t.Cleanup(small.Close)
	refused(small, Options{}, migrate.Usage, "the pool may have 1 connection", "pool_max_conns")

	t.Log("a database that is not there")
	line := cable(t, w.url)
	line.cut()
	refused(w.open(line.url), Options{}, migrate.Unavailable, "open queue: ", "check that PostgreSQL is up")

	t.Log("a newer schema, whose role needs no right to create once it is there")
	_, err = Open(t.Context(), w.pool, Options{})
	require.NoError(t, err)
	w.exec(`GRANT ALL ON ALL TABLES IN SCHEMA chatbridge TO ` + role)
	w.exec(`GRANT USAGE ON SCHEMA chatbridge_river TO ` + role)
	w.exec(`GRANT ALL ON ALL TABLES IN SCHEMA chatbridge_river TO ` + role)
	_, err = Open(t.Context(), poor, Options{})
	require.NoError(t, err)
	w.exec(`INSERT INTO chatbridge_river.river_migration (line, version) VALUES ('main', 999)`)
	refused(w.pool, Options{}, migrate.Conflict, "migration 999", "a newer chatbridge")

	t.Log("no ledger")
	w.exec(`DROP TABLE chatbridge.work, chatbridge.leases`)
	refused(w.pool, Options{}, migrate.Usage, "this database has no table chatbridge.leases, chatbridge.work", "with this version: chatbridge migrate")
}

// A pooler greets with a process ID of its own, and LISTEN is not for it.
func TestPooler(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "acme")
	line := cable(t, w.url)
	line.pooler.Store(true)
	a := w.queueAt(line.url, "a")
	a.told("A pooler stands before PostgreSQL: new work is looked for, not listened for")
	require.True(t, a.options.PollOnly)
	require.False(t, w.queue("b").options.PollOnly)
	a.work(1, "acme").ask("acme")
	a.next("acme").end <- Result{Outcome: Done}
	a.told("A pass is over")
	require.Zero(t, value[int](w, `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'`))

	err := a.failed("work", &pgconn.PgError{Code: noStatement})
	require.Equal(t, migrate.Usage, migrate.KindOf(err))
	require.Contains(t, migrate.HintOf(err), "PgBouncer in transaction mode")
	require.Equal(t, migrate.Unavailable, migrate.KindOf(a.failed("work", &pgconn.PgError{Code: "57P01"})))
}

type theirs struct{ N int }

func (theirs) Kind() string { return "theirs" }

// Another River in the same database, with a queue of the same name, is not touched.
func TestTheirs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "acme")
	pool, err := pgxpool.New(t.Context(), w.url)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	w.pool = pool // its search_path has the schema public
	driver := riverpgxv5.New(pool)
	m, err := rivermigrate.New(driver, nil)
	require.NoError(t, err)
	_, err = m.Migrate(t.Context(), rivermigrate.DirectionUp, nil)
	require.NoError(t, err)
	client, err := river.NewClient(driver, &river.Config{})
	require.NoError(t, err)
	for n := range 3 {
		_, err = client.Insert(t.Context(), theirs{n}, &river.InsertOpts{Queue: queueName})
		require.NoError(t, err)
	}
	w.exec(`UPDATE river_job SET state = 'running', attempt = 1, attempted_at = now() - interval '1 year' WHERE id = 1`)
	w.exec(`UPDATE river_job SET state = 'discarded', attempt = 25, finalized_at = now() - interval '1 year' WHERE id = 2`)
	before := value[string](w, `SELECT json_agg(j ORDER BY id)::text FROM river_job j`)

	a := w.queue("a", ticking).work(1, "acme")
	a.ask("acme")
	r := a.next("acme")
	w.lease("acme", "a", 0)
	receive(t, r.Done(), "the end of its context")
	a.next("acme").end <- Result{Outcome: Done}
	a.told("A pass is over")
	a.stopping()
	a.stopped()
	require.Equal(t, before, value[string](w, `SELECT json_agg(j ORDER BY id)::text FROM river_job j`))
	for _, table := range []string{"river_queue", "river_leader"} {
		require.Zero(t, value[int](w, `SELECT count(*) FROM `+pgx.Identifier{table}.Sanitize()), table)
	}
}
