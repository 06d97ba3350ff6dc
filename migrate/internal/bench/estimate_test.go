package bench_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"chatbridge/migrate/internal/bench"
)

// estimates are what an audit says of how long a migration takes, beside how long
// it took from its start to its end. Of three latencies, the one counts that was
// estimated worst.
func estimates(t *testing.T, table *bench.Table) {
	for _, w := range []bench.Workspace{bench.Skewed, bench.Equal, bench.EqualShort, bench.Small, bench.One, bench.People} {
		worst, all := 1.0, []string(nil)
		for _, latency := range []time.Duration{10 * time.Millisecond, 100 * time.Millisecond, 250 * time.Millisecond} {
			synctest.Test(t, func(t *testing.T) {
				r := world(t, w, documented(latency, 0))
				said := r.Audit(t, nil).Estimate.Seconds
				run, took := pass(t, r)
				ratio := said / took.Seconds()
				if math.Abs(math.Log(ratio)) > math.Abs(math.Log(worst)) {
					worst = ratio
				}
				all = append(all, fmt.Sprintf("%s: %.2f, %.1f s said, %.1f s in all, span %.1f s", latency, ratio, said, took.Seconds(), run.Span.Seconds()))
			})
		}
		table.Add(bench.Figure{
			Name: "estimate ÷ what happened", On: w.Name + ", 10ms to 250ms", Value: worst, Unit: bench.Ratio, Bar: bench.Between(0.9, 1.1), Clock: bench.Virtual,
			Detail: strings.Join(all, "; "),
		})
	}
}
