package postgres_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/ledgertest"
	"chatbridge/migrate/pgtest"
	"chatbridge/migrate/postgres"
)

func TestLedger(t *testing.T) {
	url := pgtest.Database(t)
	var count atomic.Int64
	ledgertest.Run(t, func(t *testing.T) ledgertest.Store {
		return stored(url, &count, fmt.Sprintf("migration %d", count.Add(1)))
	})
}

// stored is the ledger of a migration. Others are in the same database.
func stored(url string, count *atomic.Int64, name string) ledgertest.Store {
	return ledgertest.Store{
		Open: func(ctx context.Context) (migrate.Ledger, error) {
			l, err := postgres.Open(ctx, url, name)
			if err != nil {
				return nil, err
			}
			return l, nil
		},
		Read: func(ctx context.Context) (migrate.LedgerReader, error) {
			r, err := postgres.OpenReader(ctx, url, name)
			if err != nil {
				return nil, err
			}
			return r, nil
		},
		Crash: func(t *testing.T) ledgertest.Store {
			left := fmt.Sprintf("migration %d", count.Add(1))
			copied(t, url, name, left)
			return stored(url, count, left)
		},
	}
}

// copied makes a migration with what another session sees of one: what a crash of its
// writer would leave.
func copied(t *testing.T, url, from, to string) {
	t.Helper()
	pgtest.Exec(t, url, fmt.Sprintf(`INSERT INTO chatbridge.migrations (name) VALUES ('%s')`, to))
	for _, table := range tables(t, url) {
		columns := pgtest.Value[string](t, url, `SELECT string_agg(quote_ident(column_name), ', ' ORDER BY ordinal_position) FROM information_schema.columns
			WHERE table_schema = 'chatbridge' AND table_name = $1 AND column_name NOT IN ('migration_id', 'number')`, table)
		id := `(SELECT id FROM chatbridge.migrations WHERE name = '%s')`
		pgtest.Exec(t, url, fmt.Sprintf(`INSERT INTO chatbridge.%s (migration_id, %s) SELECT `+id+`, %s FROM chatbridge.%s WHERE migration_id = `+id, table, columns, to, columns, table, from))
	}
}

// tables are those that hold a migration.
func tables(t *testing.T, url string) []string {
	return strings.Fields(pgtest.Value[string](t, url, `SELECT string_agg(table_name, ' ') FROM information_schema.columns
		WHERE table_schema = 'chatbridge' AND column_name = 'migration_id' AND table_name <> 'leases'`))
}

func sid(prefix string, n int) string { return fmt.Sprintf("%s%032x", prefix, n) }

func put(t *testing.T, l migrate.Ledger, from, to int) {
	t.Helper()
	for n := from; n < to; n++ {
		require.NoError(t, l.PutMessage(t.Context(), sid("CH", 1), migrate.MessageRecord{SourceIndex: int64(n), SourceSID: sid("IM", n), TargetSID: sid("IM", n)}))
	}
}
