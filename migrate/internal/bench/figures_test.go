package bench_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/internal/bench"
	"chatbridge/migrate/internal/rig"
)

var (
	tableFile = flag.String("table", "", "measure every figure, print the table, and write it to this `file` as JSON")
	only      = flag.String("only", "", "measure `parts` of the table: spans, second, resume, estimate, processor, memory; separated by commas")
)

type part struct {
	name    string
	measure func(*testing.T, *bench.Table)
}

// parts are measured in this order.
var parts = []part{
	{"spans", spans},
	{"second", secondPass},
	{"resume", resumed},
	{"estimate", estimates},
	{"processor", processor},
	{"memory", memory},
}

// TestTable measures every figure. It is what make bench runs.
func TestTable(t *testing.T) {
	if *tableFile == "" {
		t.Skip("run by make bench")
	}
	for name := range strings.SplitSeq(*only, ",") {
		require.True(t, name == "" || slices.ContainsFunc(parts, func(p part) bool { return p.name == name }), "there is no part %q", name)
	}
	table := &bench.Table{Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH, CPUs: runtime.NumCPU()}
	for _, p := range parts {
		if *only != "" && !slices.Contains(strings.Split(*only, ","), p.name) {
			continue
		}
		began := time.Now()
		t.Run(p.name, func(t *testing.T) { p.measure(t, table) }) // the others are measured also if it fails
		require.NoError(t, written(table))
		fmt.Fprintf(os.Stderr, "%s: measured in %.0f s\n", p.name, time.Since(began).Seconds())
	}
	require.NoError(t, table.Text(os.Stdout))
}

func written(table *bench.Table) error {
	out, err := os.Create(*tableFile)
	if err != nil {
		return err
	}
	return errors.Join(table.JSON(out), out.Close())
}

// soon is how long a limit of requests in flight may take to be found.
const soon = 5 * time.Second

// seconds are the first few of some times, and the last.
func seconds(all []time.Duration) string {
	var texts []string
	for i, at := range all {
		if i < 5 || i == len(all)-1 {
			texts = append(texts, fmt.Sprintf("%.1f", at.Seconds()))
		} else if i == 5 {
			texts = append(texts, "…")
		}
	}
	return strings.Join(texts, " ")
}

// spans are those of first migrations, beside what the limits admit.
func spans(t *testing.T, table *bench.Table) {
	const fast, middle, slow = 10 * time.Millisecond, 100 * time.Millisecond, 250 * time.Millisecond
	unlimited := 0
	for _, c := range []struct {
		bench.Workspace
		bench.Limits
		bar *bench.Bar
	}{
		{bench.Skewed, documented(fast, 0), bench.AtMost(1.06)},
		{bench.Skewed, documented(middle, 0), bench.AtMost(1.06)},
		{bench.Skewed, documented(slow, 0), nil},
		{bench.Equal, documented(fast, 0), bench.AtMost(1.10)},
		{bench.Equal, documented(middle, 0), nil},
		{bench.EqualShort, documented(fast, 0), nil},
		{bench.EqualShort, documented(middle, 0), bench.AtMost(1.25)},
		{bench.EqualShort, documented(slow, 0), nil},
		{bench.Small, documented(fast, 0), nil},
		{bench.Small, documented(middle, 0), bench.AtMost(1.15)},
		{bench.Small, documented(slow, 0), nil},
		{bench.Many, documented(middle, 0), nil},
		{bench.Skewed, documented(middle, admitted), nil},
		{bench.Equal, documented(middle, admitted), nil},
		{bench.EqualShort, documented(middle, admitted), nil},
		{bench.Small, documented(middle, admitted), nil},
	} {
		run := spanOf(t, c.Workspace, c.Limits)
		bound := c.Bound(run.Writes)
		table.Add(bench.Figure{
			Name: "span ÷ bound", On: on(c.Workspace, c.Limits), Value: run.Span.Seconds() / bound.Seconds(), Unit: bench.Ratio,
			Bar: c.bar, Clock: bench.Virtual, Detail: fmt.Sprintf("bound %.1f s; %s", bound.Seconds(), run),
		})
		if c.InFlight == 0 {
			unlimited += len(run.Refused)
			continue
		}
		late := 0
		for _, at := range run.Refused {
			if at > soon {
				late++
			}
		}
		table.Add(bench.Figure{
			Name: "answered with 429", On: on(c.Workspace, c.Limits), Value: float64(len(run.Refused)), Unit: bench.Requests, Bar: bench.AtMost(20), Clock: bench.Virtual,
		})
		table.Add(bench.Figure{
			Name: "answered with 429 later than " + soon.String(), On: on(c.Workspace, c.Limits), Value: float64(late), Unit: bench.Requests, Bar: bench.AtMost(0), Clock: bench.Virtual,
			Detail: fmt.Sprintf("%d before; since the first write; in seconds: %s", len(run.Refused)-late, seconds(run.Refused)),
		})
	}
	table.Add(bench.Figure{
		Name: "answered with 429", On: "all runs above without a limit in flight", Value: float64(unlimited), Unit: bench.Requests, Bar: bench.AtMost(0), Clock: bench.Virtual,
	})
}

func on(w bench.Workspace, l bench.Limits) string {
	s := w.Name + ", " + l.Latency.String()
	if l.InFlight > 0 {
		s += fmt.Sprintf(", %d in flight admitted", l.InFlight)
	}
	return s
}

// secondPass is a run that finds nothing to do, from its start to its end.
func secondPass(t *testing.T, table *bench.Table) {
	l := documented(100*time.Millisecond, 0)
	synctest.Test(t, func(t *testing.T) {
		r := world(t, bench.Many, l)
		pass(t, r)
		time.Sleep(time.Hour)
		run, took := pass(t, r)
		table.Add(bench.Figure{
			Name: "second pass without news", On: on(bench.Many, l), Value: took.Seconds(), Unit: bench.Seconds,
			Bar: bench.AtMost(12), Clock: bench.Virtual, Detail: run.String(),
		})
	})
}

// resumed is a run that goes on in a long channel, from its start to the next message.
func resumed(t *testing.T, table *bench.Table) {
	l := documented(100*time.Millisecond, 0)
	synctest.Test(t, func(t *testing.T) {
		r := world(t, bench.Long, l)
		require.True(t, r.Killed(t, rig.Kill{Write: bench.Long.Messages * 9 / 10, After: true}))
		time.Sleep(time.Hour)
		run, _ := pass(t, r)
		table.Add(bench.Figure{
			Name: "to the next message, when nine tenths are there", On: on(bench.Long, l), Value: (run.Before + run.Opening).Seconds(), Unit: bench.Seconds,
			Bar: bench.AtMost(15), Clock: bench.Virtual, Detail: run.String(),
		})
	})
}
