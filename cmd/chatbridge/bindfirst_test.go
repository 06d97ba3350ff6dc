package main

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/pgtest"
)

// unboundIsRefused has a database refuse work on a ledger that is not bound to anything.
func unboundIsRefused(t *testing.T, url string) {
	t.Helper()
	another(t, url) // makes the tables
	pgtest.Exec(t, url,
		`CREATE FUNCTION bound() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
			IF NOT EXISTS (SELECT FROM chatbridge.fingerprints WHERE migration_id = NEW.migration_id) THEN RAISE EXCEPTION 'nothing is bound'; END IF;
			RETURN NEW;
		END $$`,
		`CREATE TRIGGER bound BEFORE INSERT ON chatbridge.work FOR EACH ROW EXECUTE FUNCTION bound()`)
}

// The settings of a migration are those of whoever asked for it first. A worker with
// others, if it were the first to open the ledger, would bind it to its own and migrate
// everything by them before anybody noticed.
func TestBindsBeforeItAsks(t *testing.T) {
	t.Parallel()
	t.Run("for one account", func(t *testing.T) {
		t.Parallel()
		w := newTown(t, 1, nil)
		url := pgtest.Database(t)
		unboundIsRefused(t, url)
		migrate := func(more ...string) (screen, int) {
			sc := w.screen("", false, "TWILIO_ACCOUNT_SID="+memberSID(1), "TWILIO_AUTH_TOKEN=token-of-1")
			return sc, run(t.Context(), sc.console, append([]string{"migrate", "--yes", "--ledger", url}, more...))
		}
		for range 2 {
			sc, status := migrate()
			require.Equal(t, exitDone, status, sc.stderr)
		}
		sc, status := migrate("--policy", "attributes-not-json=drop")
		require.Equal(t, exitLedger, status, sc.stderr)
		require.EqualValues(t, 2, pgtest.Value[int64](t, url, `SELECT pass FROM chatbridge.work`))
	})
	t.Run("for many accounts", func(t *testing.T) {
		t.Parallel()
		w := newTown(t, 2, nil)
		url := pgtest.Database(t)
		unboundIsRefused(t, url)
		sc := w.screen("", false)
		require.Equal(t, exitDone, w.on(t, sc, "migrate", "--yes", "--ledger", url), sc.stderr)
		sc = w.screen("", false)
		require.Equal(t, exitIncomplete, w.on(t, sc, "migrate", "--yes", "--ledger", url, "--policy", "attributes-not-json=drop"))
		require.Contains(t, sc.stderr.String(), "a1: error: bind ledger")
		require.EqualValues(t, 2, pgtest.Value[int64](t, url, `SELECT sum(pass)::bigint FROM chatbridge.work WHERE state = 'done'`), "none was asked for")
	})
}

// Whoever has a ledger open for writing binds it: nobody waits for them.
func TestBoundMeanwhile(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	ctx := context.WithValue(t.Context(), knownLedgerKey{}, &knownLedger{shown: url, full: url, lease: leastLease, tell: func(migrate.Event) {}})
	o := &migrateOptions{ledgerOption: ledgerOption{Ledger: url}, openLedger: openLedger}
	held, err := openLedger(ctx, url)
	require.NoError(t, err)
	first := migrate.Fingerprint{"a": "one"}
	require.NoError(t, o.bindFirst(ctx, first))
	require.NoError(t, held.Close())
	for range 2 {
		require.NoError(t, o.bindFirst(ctx, first))
	}
	require.Equal(t, migrate.Conflict, migrate.KindOf(o.bindFirst(ctx, migrate.Fingerprint{"a": "another"})))
}
