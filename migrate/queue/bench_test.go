package queue

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/pgtest"
	"chatbridge/migrate/postgres"
)

// BenchmarkAsk asks for a pass of each of 100,000 migrations.
func BenchmarkAsk(b *testing.B) {
	names := make([]string, 100_000)
	for i := range names {
		names[i] = fmt.Sprintf("migration %d", i)
	}
	for b.Loop() {
		b.StopTimer()
		pool, err := postgres.Prepare(b.Context(), pgtest.Database(b), names...)
		require.NoError(b, err)
		q, err := Open(b.Context(), pool, Options{})
		require.NoError(b, err)
		b.StartTimer()
		require.NoError(b, q.Ask(b.Context(), names...))
		b.StopTimer()
		pool.Close()
		b.StartTimer()
	}
}
