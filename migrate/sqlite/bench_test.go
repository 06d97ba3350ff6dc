package sqlite_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/sqlite"
)

// BenchmarkPutMessage puts messages in turn into as many channels as a run has
// lanes.
func BenchmarkPutMessage(b *testing.B) {
	for _, lanes := range []int{1, 32} {
		b.Run(fmt.Sprintf("lanes=%d", lanes), func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "ledger.db")
			l, err := sqlite.Open(b.Context(), path)
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
			info, err := os.Stat(path)
			require.NoError(b, err)
			b.ReportMetric(float64(info.Size())/float64(put), "bytes/row")
		})
	}
}

func sid(prefix string, n int) string { return fmt.Sprintf("%s%032x", prefix, n) }
