package postgres_test

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/pgtest"
	"chatbridge/migrate/postgres"
)

func TestOpenRefuses(t *testing.T) {
	pgtest.Started(t)
	raw := pgtest.Database(t)
	nobody := role(t, raw, "LOGIN")
	full := role(t, raw, "LOGIN CONNECTION LIMIT 0")
	guarded := func(t *testing.T, password string) string {
		return pgtest.With(t, raw, func(u *url.URL) { u.User = url.UserPassword(pgtest.Guarded, password) })
	}
	for name, c := range map[string]struct {
		kind       migrate.Kind
		said, hint string
		url        func(t *testing.T) string
	}{
		"a wrong password":   {migrate.Credentials, `refuses the password of role "guarded"`, "PGPASSFILE", func(t *testing.T) string { return guarded(t, "secret wrong") }},
		"a missing password": {migrate.Credentials, `refuses the password of role "guarded"`, "PGPASSWORD", func(t *testing.T) string { return pgtest.As(t, raw, pgtest.Guarded) }},
		"a role that is not there": {migrate.Credentials, "does not let role", "pg_hba.conf", func(t *testing.T) string {
			return pgtest.As(t, raw, "not there")
		}},
		"a database that is not there": {migrate.Usage, `there is no database "not_there"`, "createdb -h 127.0.0.1", func(t *testing.T) string {
			return pgtest.With(t, raw, func(u *url.URL) { u.Path = "/not_there" })
		}},
		"a role without rights": {migrate.Usage, "permission denied for database", `CREATE SCHEMA chatbridge AUTHORIZATION "` + nobody + `"; or GRANT CREATE ON DATABASE`, func(t *testing.T) string { return pgtest.As(t, raw, nobody) }},
		"a server without TLS": {migrate.Usage, "does not use TLS", "sslmode=disable", func(t *testing.T) string {
			return pgtest.With(t, raw, func(u *url.URL) { u.RawQuery = "sslmode=require" })
		}},
		"a port where nobody listens": {migrate.Unavailable, "cannot be reached", "check the host", func(t *testing.T) string {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			require.NoError(t, l.Close())
			return pgtest.With(t, raw, func(u *url.URL) { u.Host = l.Addr().String() })
		}},
		"too many connections": {migrate.Unavailable, "no connection left", "max_connections", func(t *testing.T) string { return pgtest.As(t, raw, full) }},
		"a session that may only read": {migrate.Usage, "only lets itself be read", "target_session_attrs=read-write", func(t *testing.T) string {
			return pgtest.With(t, raw, func(u *url.URL) { u.RawQuery += "&default_transaction_read_only=on" })
		}},
		"no URL": {migrate.Usage, "is no URL of a PostgreSQL database", "postgres://USER@HOST:PORT/DATABASE", func(*testing.T) string {
			return "postgres://me:secret%zz@host/db"
		}},
		"an unknown setting": {migrate.Usage, "is no URL of a PostgreSQL database", "postgres://USER@HOST:PORT/DATABASE", func(*testing.T) string {
			return "postgres://me:secret@host/db?sslmode=perhaps&password=secret"
		}},
	} {
		t.Run(name+" is refused with what to do, and no password is shown", func(t *testing.T) {
			_, err := postgres.Open(t.Context(), c.url(t), "default")
			require.Equal(t, c.kind, migrate.KindOf(err), err)
			require.ErrorContains(t, err, c.said)
			require.Contains(t, migrate.HintOf(err), c.hint)
			require.NotContains(t, err.Error()+migrate.HintOf(err), "secret")
			if strings.HasPrefix(name, "a role without") || strings.HasPrefix(name, "a session") {
				return // whoever only reads finds that nothing is there
			}
			_, err = postgres.OpenReader(t.Context(), c.url(t), "default")
			require.Equal(t, c.kind, migrate.KindOf(err), err)
			require.NotContains(t, err.Error()+migrate.HintOf(err), "secret")
		})
	}

	t.Run("the right password lets in", func(t *testing.T) {
		_, err := postgres.OpenReader(t.Context(), guarded(t, pgtest.Password), "default")
		require.Equal(t, migrate.NotFound, migrate.KindOf(err))
	})
}

// role makes one that is gone when the test ends.
func role(t *testing.T, url, attributes string) string {
	t.Helper()
	name := fmt.Sprintf("role_%s", strings.ToLower(strings.NewReplacer(" ", "", "/", "_").Replace(t.Name()+attributes)))
	pgtest.Exec(t, url, `CREATE ROLE `+name+` `+attributes)
	t.Cleanup(func() { pgtest.Exec(t, url, `DROP OWNED BY `+name, `DROP ROLE `+name) })
	return name
}

func TestRights(t *testing.T) {
	pgtest.Started(t)
	for name, grant := range map[string]string{
		"the right to create in the database": `GRANT CREATE ON DATABASE %[1]s TO %[2]s`,
		"a schema of its own":                 `CREATE SCHEMA chatbridge AUTHORIZATION %[2]s`,
	} {
		t.Run("an ordinary role needs "+name, func(t *testing.T) {
			raw := pgtest.Database(t)
			writer := role(t, raw, "LOGIN")
			u, err := url.Parse(raw)
			require.NoError(t, err)
			pgtest.Exec(t, raw, fmt.Sprintf(grant, strings.TrimPrefix(u.Path, "/"), writer))
			l, err := postgres.Open(t.Context(), pgtest.As(t, raw, writer), "default")
			require.NoError(t, err)
			put(t, l, 0, 3)
			require.NoError(t, l.PutRun(t.Context(), migrate.RunRecord{ID: "a"}))
			id, err := l.Identity(t.Context())
			require.NoError(t, err)
			require.Regexp(t, `^postgres \d+\.1\.\d+\.1$`, id.File)
			require.NoError(t, l.Close())
		})
	}

	t.Run("a role that may only read needs no more than that", func(t *testing.T) {
		raw := pgtest.Database(t)
		viewer := role(t, raw, "LOGIN")
		l, err := postgres.Open(t.Context(), raw, "default")
		require.NoError(t, err)
		put(t, l, 0, 3)
		require.NoError(t, l.Close())
		_, err = postgres.OpenReader(t.Context(), pgtest.As(t, raw, viewer), "default")
		require.Equal(t, migrate.Usage, migrate.KindOf(err), err)
		require.Contains(t, migrate.HintOf(err), `GRANT USAGE ON SCHEMA chatbridge TO "`+viewer+`"`)
		pgtest.Exec(t, raw, `GRANT USAGE ON SCHEMA chatbridge TO `+viewer, `GRANT SELECT ON ALL TABLES IN SCHEMA chatbridge TO `+viewer)
		require.Equal(t, 3, committed(t, pgtest.As(t, raw, viewer), "default"))
		_, err = postgres.Open(t.Context(), pgtest.As(t, raw, viewer), "default")
		require.Equal(t, migrate.Usage, migrate.KindOf(err), err)
	})
}

func TestSchema(t *testing.T) {
	t.Run("many processes that begin at once make one schema", func(t *testing.T) {
		raw := pgtest.Database(t)
		var running sync.WaitGroup
		var errs [6]error
		for i := range errs {
			running.Go(func() {
				l, err := postgres.Open(context.Background(), raw, fmt.Sprint("migration ", i/2*2, i))
				if err == nil {
					err = l.Close()
				}
				errs[i] = err
			})
		}
		running.Wait()
		for _, err := range errs {
			require.NoError(t, err)
		}
		require.EqualValues(t, len(errs), pgtest.Value[int64](t, raw, `SELECT count(*) FROM chatbridge.migrations`))
	})

	raw := pgtest.Database(t)
	l, err := postgres.Open(t.Context(), raw, "default")
	require.NoError(t, err)
	put(t, l, 0, 3)
	require.NoError(t, l.Close())

	t.Run("a migration that is not there is told from those that are", func(t *testing.T) {
		_, err := postgres.OpenReader(t.Context(), raw, "other")
		require.Equal(t, migrate.NotFound, migrate.KindOf(err))
		require.ErrorContains(t, err, `there is no migration "other"`)
		require.Contains(t, migrate.HintOf(err), "--migration, with default")
	})

	t.Run("a newer schema is left alone", func(t *testing.T) {
		pgtest.Exec(t, raw, `INSERT INTO chatbridge.goose_db_version (version_id, is_applied) VALUES (9999, true)`)
		for _, err := range []error{second(postgres.Open(t.Context(), raw, "default")), second(postgres.OpenReader(t.Context(), raw, "default"))} {
			require.Equal(t, migrate.Conflict, migrate.KindOf(err))
			require.ErrorContains(t, err, "schema version 9999")
			require.NotEmpty(t, migrate.HintOf(err))
		}
		pgtest.Exec(t, raw, `DELETE FROM chatbridge.goose_db_version WHERE version_id = 9999`)
	})

	t.Run("tables that somebody removed are missed", func(t *testing.T) {
		pgtest.Exec(t, raw, `DROP TABLE chatbridge.messages`)
		r, err := postgres.OpenReader(t.Context(), raw, "default")
		require.NoError(t, err)
		_, err = r.CountMessages(t.Context(), sid("CH", 1))
		require.Equal(t, migrate.Conflict, migrate.KindOf(err))
		require.Contains(t, migrate.HintOf(err), "--migration")
		require.NoError(t, r.Close())
	})
}

func second[T any](_ T, err error) error { return err }
