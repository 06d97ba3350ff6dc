package replay_test

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
)

var dates = regexp.MustCompile(`"date_(created|updated)":"[^"]*"`)

// undated is an archive in which some messages of the channel, by line, have no
// date.
func undated(t *testing.T, in fs.FS, lacks ...int) fs.FS {
	return rig.WithFile(t, in, rig.MessagesPath(0), func(text string) string {
		lines := strings.Split(text, "\n")
		for _, n := range lacks {
			lines[n] = dates.ReplaceAllString(lines[n], `"date_$1":null`)
			require.Contains(t, lines[n], `"date_created":null`)
		}
		return strings.Join(lines, "\n")
	})
}

// A message without a date takes that of the message before it, however often
// the run was cut.
func TestUndatedMessages(t *testing.T) {
	eight := []string{"m0", "m1", "m2", "m3", "m4", "m5", "m6", "m7"}
	start, step := rig.ScenarioStart, 37*time.Second
	want := []time.Time{start, start.Add(step), start.Add(step), start.Add(step), start.Add(4 * step), start.Add(4 * step), start.Add(4 * step), start.Add(7 * step)}
	plan := func(n int) fs.FS {
		s := oneChannel(eight[:n]...)
		return s.Archive()
	}
	lacks := []int{0, 2, 3, 5, 6}
	right := func(t *testing.T, r *rig.Rig, n int) {
		t.Helper()
		var bodies []string
		for i, m := range only(t, r).Messages(t) {
			require.Equal(t, want[i].UTC(), m.DateCreated.UTC(), m.Body)
			bodies = append(bodies, m.Body)
		}
		require.Equal(t, eight[:n], bodies)
	}
	for _, ledger := range []string{"", ".new"} {
		t.Run("resumed behind any of them, with the ledger "+ledger, func(t *testing.T) {
			for write := 14; write <= 18; write += 2 {
				synctest.Test(t, func(t *testing.T) {
					r := rig.NewRig(t, emulator.Config{Archive: undated(t, plan(8), lacks...), Latency: 300 * time.Millisecond})
					require.True(t, r.Killed(t, rig.Kill{Write: write, After: write%4 == 0}))
					r.Ledger += ledger
					pass(t, r, migrate.Complete)
					right(t, r, 8)
				})
			}
		})
		t.Run("in passes with new ones, with the ledger "+ledger, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := rig.NewRig(t, emulator.Config{})
				for _, n := range []int{1, 3, 4, 6, 8} {
					var some []int
					for _, i := range lacks {
						if i < n {
							some = append(some, i)
						}
					}
					r.PassFrom(t, undated(t, plan(n), some...))
					right(t, r, n)
					r.Ledger += ledger
				}
			})
		})
	}
}
