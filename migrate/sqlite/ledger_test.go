package sqlite_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/ledgertest"
	"chatbridge/migrate/sqlite"
)

func TestLedger(t *testing.T) {
	ledgertest.Run(t, func(t *testing.T, path string) migrate.Ledger {
		l, err := sqlite.Open(t.Context(), path)
		require.NoError(t, err)
		return l
	})
}
