package postgres_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/pgtest"
	"chatbridge/migrate/postgres"
)

// BenchmarkPutMessage puts messages in turn into as many channels as a run has
// lanes.
func BenchmarkPutMessage(b *testing.B) {
	for _, lanes := range []int{1, 32} {
		b.Run(fmt.Sprintf("lanes=%d", lanes), func(b *testing.B) {
			url := pgtest.Database(b)
			l, err := postgres.Open(b.Context(), url, "default")
			require.NoError(b, err)
			channels := make([]string, lanes)
			for i := range channels {
				channels[i] = sid("CH", i)
			}
			put := 0
			for b.Loop() {
				r := migrate.MessageRecord{
					SourceIndex: int64(put / lanes),
					TargetIndex: int64(put / lanes),
					SourceSID:   sid("IM", put),
					TargetSID:   sid("IM", put+1<<40),
				}
				if err := l.PutMessage(b.Context(), channels[put%lanes], r); err != nil {
					b.Fatal(err)
				}
				put++
			}
			require.NoError(b, l.Close())
			b.ReportMetric(float64(put)/b.Elapsed().Seconds(), "rows/s")
			bytes := pgtest.Value[int64](b, url, `SELECT pg_total_relation_size('chatbridge.messages')`)
			b.ReportMetric(float64(bytes)/float64(put), "bytes/row")
		})
	}
}
