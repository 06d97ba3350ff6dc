package migrate_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
)

func TestStages(t *testing.T) {
	t.Run("have the numbers that ledgers on disk have", func(t *testing.T) {
		require.Equal(t,
			[]migrate.Stage{0, 1, 2, 3, 9},
			[]migrate.Stage{migrate.Planned, migrate.Open, migrate.Copied, migrate.Checked, migrate.Done})
	})
}
