package postgres_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/pgtest"
	"chatbridge/migrate/postgres"
)

func original(n int) migrate.Dropped {
	return migrate.Dropped{Code: "body-too-long", SID: sid("IM", n), ChannelSID: sid("CH", 1), Field: "body", Original: strings.Repeat("x", 33_000) + fmt.Sprint(n)}
}

// droppedIn are the originals that another session sees.
func droppedIn(t *testing.T, url, name string) (all []migrate.Dropped) {
	t.Helper()
	r, err := postgres.OpenReader(t.Context(), url, name)
	require.NoError(t, err)
	for d, err := range r.Dropped(t.Context()) {
		require.NoError(t, err)
		all = append(all, d)
	}
	n, bytes, err := r.CountDropped(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, len(all), n)
	require.Equal(t, n > 0, bytes > 0)
	require.NoError(t, r.Close())
	return all
}

func TestDropped(t *testing.T) {
	url := pgtest.Database(t)
	t.Run("an original survives a crash when it is kept, once, and in order", func(t *testing.T) {
		l, err := postgres.Open(t.Context(), url, "once", postgres.Group(time.Hour, 1000))
		require.NoError(t, err)
		var want []migrate.Dropped
		for n := range 120 { // more than are read at a time
			d := original(n)
			want = append(want, d)
			require.NoError(t, l.PutDropped(t.Context(), []migrate.Dropped{d, d}))
			if n%40 == 0 {
				require.Equal(t, want, droppedIn(t, url, "once"))
			}
		}
		require.NoError(t, l.Close())
		l, err = postgres.Open(t.Context(), url, "once")
		require.NoError(t, err)
		again := []migrate.Dropped{want[7], want[3]}
		for _, change := range []func(*migrate.Dropped){
			func(d *migrate.Dropped) { d.Code = "text-invalid" }, func(d *migrate.Dropped) { d.SID = sid("IM", 999) },
			func(d *migrate.Dropped) { d.ChannelSID = "" }, func(d *migrate.Dropped) { d.Field = "author" }, func(d *migrate.Dropped) { d.Original += "!" },
		} {
			d := want[5]
			change(&d)
			again, want = append(again, d), append(want, d)
		}
		require.NoError(t, l.PutDropped(t.Context(), again))
		require.NoError(t, l.PutDropped(t.Context(), nil))
		require.Equal(t, want, droppedIn(t, url, "once"))
		require.NoError(t, l.Close())
	})

	t.Run("any bytes come back as they were", func(t *testing.T) {
		l, err := postgres.Open(t.Context(), url, "bytes")
		require.NoError(t, err)
		var want []migrate.Dropped
		for _, s := range []string{"a\x00b", "\xff", `\x00`, strings.Repeat("ü\n", 200_000), "\ufffd", `{"a":"\ud800"}`} {
			want = append(want, migrate.Dropped{Code: "text-invalid", SID: s, ChannelSID: s, Field: s, Original: s})
		}
		require.NoError(t, l.PutDropped(t.Context(), want))
		require.Equal(t, want, droppedIn(t, url, "bytes"))
		require.NoError(t, l.Close())
	})

	t.Run("a holder whose lease another one took keeps nothing", func(t *testing.T) {
		l, err := postgres.Open(t.Context(), url, "stale")
		require.NoError(t, err)
		require.NoError(t, l.PutDropped(t.Context(), []migrate.Dropped{original(1)}))
		pgtest.Exec(t, url, `UPDATE chatbridge.leases SET token = 'another'`)
		err = l.PutDropped(t.Context(), []migrate.Dropped{original(2)})
		require.Equal(t, migrate.Conflict, migrate.KindOf(err))
		lost, ok := errors.AsType[*migrate.Error](err)
		require.True(t, ok)
		require.Equal(t, "keep ledger", lost.Op, "by which a worker knows that another one goes on")
		require.Error(t, l.Close())
		require.Equal(t, []migrate.Dropped{original(1)}, droppedIn(t, url, "stale"))
	})

	for name, lose := range map[string]func(p *proxy){
		"before the server has it": func(p *proxy) { p.before = "INSERT INTO chatbridge.dropped" },
		"before the commit":        func(p *proxy) { p.before = "COMMIT" },
		"after the commit":         func(p *proxy) { p.after = "COMMIT" },
	} {
		t.Run("kept by a connection that is lost "+name+" it is there once", func(t *testing.T) {
			p := newProxy(t, url)
			l, err := postgres.Open(t.Context(), p.url, name, postgres.Group(time.Hour, 1000))
			require.NoError(t, err)
			require.NoError(t, l.PutDropped(t.Context(), []migrate.Dropped{original(1)}))
			p.set(lose)
			require.NoError(t, l.PutDropped(t.Context(), []migrate.Dropped{original(2), original(3)}))
			require.Equal(t, []migrate.Dropped{original(1), original(2), original(3)}, droppedIn(t, url, name))
			require.NoError(t, l.Close())
		})
	}

	t.Run("a ledger that is put at once holds a few large ones in memory", func(t *testing.T) {
		w, err := postgres.Create(t.Context(), url, "whole")
		require.NoError(t, err)
		var want []migrate.Dropped
		for n := range 500 {
			want = append(want, original(n))
			require.NoError(t, w.PutDropped(t.Context(), want[n:]))
			require.LessOrEqual(t, w.Pending(), 5<<20)
		}
		require.NoError(t, w.Keep(t.Context()))
		require.Equal(t, want, droppedIn(t, url, "whole"))
	})

	t.Run("the originals of a migration count in its size and go with it, and no other's", func(t *testing.T) {
		for _, name := range []string{"goes", "stays"} {
			l, err := postgres.Open(t.Context(), url, name)
			require.NoError(t, err)
			before, err := postgres.Size(t.Context(), url, name)
			require.NoError(t, err)
			require.NoError(t, l.PutDropped(t.Context(), []migrate.Dropped{original(1), original(2)}))
			after, err := postgres.Size(t.Context(), url, name)
			require.NoError(t, err)
			require.Greater(t, after, before)
			require.NoError(t, l.Close())
		}
		const count = `SELECT count(*) FROM chatbridge.dropped d JOIN chatbridge.migrations m ON m.id = d.migration_id WHERE m.name IN ('goes', 'stays')`
		require.EqualValues(t, 4, pgtest.Value[int64](t, url, count))
		h, err := postgres.Hold(t.Context(), url, "goes")
		require.NoError(t, err)
		require.NoError(t, h.Remove(t.Context()))
		require.NoError(t, h.Close())
		require.Len(t, droppedIn(t, url, "stays"), 2)
		require.Zero(t, pgtest.Value[int64](t, url, `SELECT count(*) FROM chatbridge.dropped WHERE NOT EXISTS (SELECT FROM chatbridge.migrations m WHERE m.id = migration_id)`))
	})

	t.Run("a database of before is brought up to date by whoever writes, and not by whoever reads", func(t *testing.T) {
		raw := pgtest.Database(t)
		l, err := postgres.Open(t.Context(), raw, "default")
		require.NoError(t, err)
		put(t, l, 0, 3)
		require.NoError(t, l.Close())
		pgtest.Exec(t, raw, `DROP TABLE chatbridge.dropped`, `DELETE FROM chatbridge.goose_db_version WHERE version_id = 3`)
		_, err = postgres.OpenReader(t.Context(), raw, "default")
		require.Equal(t, migrate.Conflict, migrate.KindOf(err))
		l, err = postgres.Open(t.Context(), raw, "default")
		require.NoError(t, err)
		require.NoError(t, l.PutDropped(t.Context(), []migrate.Dropped{original(1)}))
		require.NoError(t, l.Close())
		require.Equal(t, 3, committed(t, raw, "default"))
		require.Len(t, droppedIn(t, raw, "default"), 1)
	})

	t.Run("a role that was let see the ledger alone sees no original", func(t *testing.T) {
		pgtest.Started(t)
		raw := pgtest.Database(t)
		viewer := role(t, raw, "LOGIN")
		l, err := postgres.Open(t.Context(), raw, "default")
		require.NoError(t, err)
		put(t, l, 0, 3)
		require.NoError(t, l.PutDropped(t.Context(), []migrate.Dropped{original(1)}))
		require.NoError(t, l.Close())
		pgtest.Exec(t, raw, `GRANT USAGE ON SCHEMA chatbridge TO `+viewer, `GRANT SELECT ON ALL TABLES IN SCHEMA chatbridge TO `+viewer, `REVOKE SELECT ON chatbridge.dropped FROM `+viewer)
		require.Equal(t, 3, committed(t, pgtest.As(t, raw, viewer), "default"))
		r, err := postgres.OpenReader(t.Context(), pgtest.As(t, raw, viewer), "default")
		require.NoError(t, err)
		_, _, err = r.CountDropped(t.Context())
		require.Equal(t, migrate.Usage, migrate.KindOf(err))
		require.NoError(t, r.Close())
	})
}
