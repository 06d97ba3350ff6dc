package torture

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTortureRepeats plays seeds twice. A seed that fails can be looked into only
// if every request comes again at the same moment.
func TestTortureRepeats(t *testing.T) {
	for _, p := range []*part{&harmless, &transient, &lies} {
		for n := range min(50, max(3, *seeds/10)) {
			t.Run(fmt.Sprint(p.test, " ", n), func(t *testing.T) {
				record := part{test: p.test, number: p.number, kinds: p.kinds, play: func(t *testing.T, w *world) {
					for i, d := range w.kills {
						w.run(fmt.Sprint("killed ", i), &d)
					}
					if w.second != nil {
						w.together()
					}
					for pass := range w.passes {
						w.run(fmt.Sprint("pass ", pass), nil)
						w.between()
					}
				}}
				if *seed >= 0 {
					n = *seed
				}
				once, again := record.tell(t, record.story(n)), record.tell(t, record.story(n))
				require.Greater(t, len(once), 2)
				for i := range min(len(once), len(again)) {
					if once[i] != again[i] {
						require.Equal(t, around(once, i), around(again, i), "line %d of the trace of %v", i, record.story(n).kinds)
					}
				}
				require.Equal(t, len(once), len(again))
			})
		}
	}
}

// around is what happened about a line.
func around(trace []string, i int) []string {
	return slices.Clone(trace[max(0, i-3):min(len(trace), i+3)])
}
